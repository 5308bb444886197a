#include <cstdio>
#include <filesystem>

#include <sys/stat.h>

#include "agent/commands/commands.h"
#include "agent/commands/default_yml.h"
#include "agent/commands/demo.h"
#include "agent/daemon.h"
#include "agent/program_memory.h"
#include "base/log.h"
#include "base/terminal_text.h"
#include "guard/config/single_file_mount.h"
#include "guard/source/host/host.h"

namespace agent {
namespace {

using guard::config::ConfigResult;

// The configuration of this run and of every reload after it.
ConfigResult read_config(const RunOptions& options, bool embedded) {
  ConfigResult result = embedded
                            ? guard::config::parse_config(commands::kDefaultYml, "built-in defaults")
                            : guard::config::load_config(options.config.empty() ? kDefaultConfigFile : options.config);
  if (result.config) {
    result.problems = guard::config::check_web_config(*result.config);
    if (!result.problems.empty()) result.config.reset();
  }
  if (result.config && options.dry_run) result.config->agent.dry_run = true;
  if (result.config && embedded) {
    if (const auto completed = complete_demo(*result.config); !completed) {
      result.config.reset();
      result.problems.push_back({"built-in defaults", 0, 0, "", completed.error().message});
    }
  }
  return result;
}

void say_where(const guard::config::Config& config) {
  std::printf("\n  No configuration at %s: chatcore is guarded with built-in defaults.\n", kDefaultConfigFile);
  std::printf("  Chat:    http://127.0.0.1:8080/\n");
  for (const std::string& address : config.agent.listen) std::printf("  Guard:   http://%s/\n", address.c_str());
  const guard::config::CommandConfig& chatcore = config.workloads.front().command;
  if (!chatcore.user.empty())
    std::printf("  chatcore runs as %s in %s.\n", chatcore.user.c_str(), chatcore.working_dir.c_str());
  std::printf("  Ctrl-C stops both.\n\n");
  std::fflush(stdout);
}

// Warns of rules that can never fire on this host.
void warn_of_impossible_rules(const guard::config::Config& config) {
  const auto cores = guard::source::read_host("/").cores;
  if (!cores) return;
  for (const auto& workload : config.workloads) {
    for (const auto& rule : workload.rules) {
      const std::string why = guard::policy::why_it_cannot_fire(*cores, rule, workload.caps);
      if (!why.empty())
        base::log_warning("this rule cannot fire: " + why, {{"workload", workload.name}, {"rule", rule.name}});
    }
  }
}

// Warns of rules that can never fire on this kernel.
void warn_of_missing_pressure(const guard::config::Config& config) {
  if (std::filesystem::exists("/proc/pressure")) return;
  for (const auto& workload : config.workloads) {
    for (const auto& rule : workload.rules) {
      if (!guard::policy::is_pressure(rule.metric)) continue;
      base::log_warning("this rule cannot fire: the kernel has no pressure stall information; boot it with psi=1",
                        {{"workload", workload.name}, {"rule", rule.name}});
    }
  }
}

// Warns of secrets that every user of the host can read.
void warn_of_readable_secret(const std::string& path) {
  struct stat status {};
  if (path.empty() || ::stat(path.c_str(), &status) != 0 || (status.st_mode & S_IROTH) == 0) return;
  base::log_warning("all users of this machine can read this secret; run: chmod o-r " + path, {{"file", path}});
}

void warn_of_readable_secrets(const guard::config::Config& config) {
  for (const auto& receiver : config.notify) warn_of_readable_secret(receiver.bearer_token_file);
  for (const auto& workload : config.workloads) {
    for (const auto& rule : workload.rules) {
      for (const auto& action : rule.actions)
        if (const auto* shed = std::get_if<guard::policy::Shed>(&action)) warn_of_readable_secret(shed->token_file);
    }
  }
}

void warn_of(const guard::config::Config& config) {
  warn_of_impossible_rules(config);
  warn_of_missing_pressure(config);
  warn_of_readable_secrets(config);
}

void lock_program_in_memory() {
  const auto locked = lock_executable_pages();
  if (locked) return;
  base::log_warning(
      "cannot lock the agent's code in memory, so it may stall when the host runs out of memory; set "
      "LimitMEMLOCK=64M in its unit, or ulimits.memlock in compose",
      {{"error", locked.error().message}});
}

}  // namespace

int run(const RunOptions& options) {
  const bool embedded = options.config.empty() && !std::filesystem::exists(kDefaultConfigFile);
  ConfigResult result = read_config(options, embedded);
  if (!result.config) {
    for (const auto& problem : result.problems)
      std::fprintf(stderr, "%s\n", base::terminal_text(to_string(problem)).c_str());
    return kWrongConfiguration;
  }
  base::start_log({.level = result.config->agent.log_level, .format = result.config->agent.log_format});
  if (embedded) say_where(*result.config);
  warn_of(*result.config);
  lock_program_in_memory();
  DaemonOptions daemon;
  daemon.config = std::move(*result.config);
  daemon.reload = [options, embedded] {
    const std::string path = options.config.empty() ? kDefaultConfigFile : options.config;
    const std::string warning = embedded ? "" : guard::config::warn_of_single_file_mount(path);
    if (!warning.empty()) base::log_warning(warning);
    ConfigResult read = read_config(options, embedded);
    if (read.config) warn_of(*read.config);
    return read;
  };
  const int code = Daemon(std::move(daemon)).run();
  base::stop_log();
  return code;
}

}  // namespace agent

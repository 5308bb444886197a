#include <cstdio>
#include <filesystem>

#include "agent/commands.h"
#include "agent/daemon.h"
#include "agent/default_yml.h"
#include "agent/demo.h"
#include "base/log.h"

namespace agent {
namespace {

using guard::config::ConfigResult;

// The configuration of this run and of every reload after it.
ConfigResult read_config(const RunOptions& options, bool embedded) {
  ConfigResult result = embedded
                            ? guard::config::parse_config(kDefaultYml, "built-in defaults")
                            : guard::config::load_config(options.config.empty() ? kDefaultConfigFile : options.config);
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

}  // namespace

int run(const RunOptions& options) {
  const bool embedded = options.config.empty() && !std::filesystem::exists(kDefaultConfigFile);
  ConfigResult result = read_config(options, embedded);
  if (!result.config) {
    for (const auto& problem : result.problems) std::fprintf(stderr, "%s\n", guard::config::to_string(problem).c_str());
    return kWrongConfiguration;
  }
  base::start_log({.level = result.config->agent.log_level, .format = result.config->agent.log_format});
  if (embedded) say_where(*result.config);
  DaemonOptions daemon;
  daemon.config = std::move(*result.config);
  daemon.reload = [options, embedded] { return read_config(options, embedded); };
  const int code = Daemon(std::move(daemon)).run();
  base::stop_log();
  return code;
}

}  // namespace agent

#include <cstdio>

#include "agent/commands/commands.h"
#include "agent/daemon.h"
#include "base/log.h"
#include "base/terminal_text.h"
#include "guard/config/pattern.h"

namespace agent {
namespace {

guard::config::Config config_for(const ExecOptions& options) {
  guard::config::Config config;
  config.agent.dry_run = options.dry_run;
  config.agent.state_dir = "";  // a container's disk is not for keeps
  config.web.allow_insecure = options.allow_insecure;
  config.agent.web_config_file = options.web_config_file;
  config.agent.listen.clear();
  if (!options.listen.empty()) config.agent.listen.push_back(options.listen);
  guard::config::WorkloadConfig& workload = config.workloads.emplace_back();
  workload.name = options.name;
  workload.target.kind = guard::sample::TargetKind::command;
  workload.target.command = options.command;
  workload.caps = options.caps;
  workload.command.stop_timeout = options.stop_timeout;
  if (!options.expect_log.empty()) {
    guard::config::LogWatchConfig& log = workload.expect_log.emplace_back();
    log.name = "expected";
    log.pattern = options.expect_log;
    log.every = options.every;
    log.grace = options.grace;
  }
  return config;
}

}  // namespace

int exec(const ExecOptions& options) {
  if (!options.expect_log.empty()) {
    if (const auto wrong = guard::config::find_pattern_problem(options.expect_log); !wrong.empty()) {
      std::fprintf(stderr, "leakguard exec: --expect-log: %s\n", base::terminal_text(wrong).c_str());
      return kUsage;
    }
  }
  base::start_log({});
  DaemonOptions daemon;
  daemon.config = config_for(options);
  daemon.restart = options.restart;
  daemon.ends_with_children = true;
  const int code = Daemon(std::move(daemon)).run();
  base::stop_log();
  return code;
}

}  // namespace agent

#include "agent/options.h"

#include <algorithm>
#include <sstream>

#include "agent/options_parts.h"
#include "agent/version.h"

namespace agent {
namespace {

using base::Code;
using base::Result;

constexpr const char* kOverview =
    R"(leakguard keeps a service inside its memory and CPU budget, and says when it cannot.

  leakguard run [--config FILE] [--dry-run]     guard what the configuration names (the daemon)
  leakguard exec [OPTIONS] -- COMMAND…          guard one command, without a configuration
  leakguard check-config [FILE]                 all errors of a configuration, with line and column
  leakguard status [--json] [WORKLOAD]          what the running agent knows, in words
  leakguard analyze FILE|- [OPTIONS]            leak verdict on a recorded series
  leakguard replay --config FILE HISTORY        what this configuration would have done on recorded history
  leakguard drill [NAME] [OPTIONS]              rehearse an incident: what would this configuration do?
  leakguard history export [OPTIONS] [WORKLOAD] what the agent saw and did, as CSV or JSON lines

  leakguard COMMAND --help                      the command's options
  leakguard --version

Exit codes: 0 fine, 1 failed, 2 usage, 3 findings, 4 the agent cannot be reached, 78 wrong configuration.
)";

Result<Invocation> parse_run(const Arguments& arguments) {
  po::options_description options("options");
  options.add_options()("config,c", po::value<std::string>(),
                        "configuration (default /etc/leakguard/leakguard.yml, or built-in "
                        "defaults where there is none)")("dry-run", "decide and report, but touch nothing")(
      "help,h", "this text");
  const auto parsed = parse("run", arguments, options, nullptr, 0);
  if (!parsed) return base::fail(parsed.error());
  if (parsed->help) return ShowText{help_text("run [--config FILE] [--dry-run]", options)};
  return RunOptions{text_of(parsed->values, "config"), parsed->values.count("dry-run") > 0};
}

Result<std::int64_t> parse_pids(const std::string& text) {
  std::int64_t count = 0;
  std::istringstream in(text);
  if (!(in >> count) || !in.eof() || count < 1)
    return base::fail(Code::invalid_argument, "'" + text + "' is not a count of processes, such as 512");
  return count;
}

Result<RestartPolicy> parse_restart(const std::string& text) {
  if (text == "no") return RestartPolicy::never;
  if (text == "on-failure") return RestartPolicy::on_failure;
  if (text == "always") return RestartPolicy::always;
  return base::fail(Code::invalid_argument, "'" + text + "' is none of no, on-failure, always");
}

po::options_description exec_flags() {
  const auto text = [] { return po::value<std::string>(); };
  po::options_description options("options");
  options.add_options()("name", text(), "name in metrics and logs (default: the program's)")(
      "memory", text(), "memory cap, such as 700m")("memory-reservation", text(), "soft memory limit, such as 512m")(
      "memory-high", text(), "throttling memory limit (cgroup v2)")("cpus", text(), "CPU cap in cores, such as 0.8")(
      "pids", text(), "most processes and threads")("expect-log", text(),
                                                    "regular expression of a line that must keep coming")(
      "every", text(), "how often that line is expected, such as 30m")(
      "grace", text(), "how late it may be (default 5m)")("restart", text(), "no, on-failure (default) or always")(
      "stop-timeout", text(), "from SIGTERM to SIGKILL (default 30s)")(
      "listen", text(), "address of metrics and status page (default 127.0.0.1:10780; off for none)")(
      "dry-run", "decide and report, but touch nothing")("help,h", "this text");
  return options;
}

Result<ExecOptions> exec_from(const po::variables_map& values) {
  ExecOptions exec;
  exec.name = text_of(values, "name");
  exec.expect_log = text_of(values, "expect-log");
  exec.dry_run = values.count("dry-run") > 0;
  if (values.count("listen") > 0) exec.listen = text_of(values, "listen") == "off" ? "" : text_of(values, "listen");
  Converter converter(values, "exec");
  converter.convert("memory", exec.caps.memory, base::parse_bytes);
  converter.convert("memory-reservation", exec.caps.memory_reservation, base::parse_bytes);
  converter.convert("memory-high", exec.caps.memory_high, base::parse_bytes);
  converter.convert("cpus", exec.caps.cpus, base::parse_cores);
  converter.convert("pids", exec.caps.pids, parse_pids);
  converter.convert("every", exec.every, base::parse_duration);
  converter.convert("grace", exec.grace, base::parse_duration);
  converter.convert("stop-timeout", exec.stop_timeout, base::parse_duration);
  converter.convert("restart", exec.restart, parse_restart);
  if (converter.error()) return base::fail(*converter.error());
  if (exec.caps.memory && exec.caps.memory_reservation && *exec.caps.memory_reservation > *exec.caps.memory)
    return base::fail(usage("exec", "--memory-reservation must not be above --memory"));
  if (exec.caps.memory && exec.caps.memory_high && *exec.caps.memory_high >= *exec.caps.memory)
    return base::fail(usage("exec", "--memory-high must be below --memory"));
  if (exec.every && exec.expect_log.empty())
    return base::fail(usage("exec", "--every says how often, but --expect-log names no line"));
  return exec;
}

Result<Invocation> parse_exec(const Arguments& arguments) {
  // What follows "--" is the command's own and is not looked at.
  const auto separator = std::ranges::find(arguments, "--");
  const po::options_description options = exec_flags();
  const auto parsed = parse("exec", Arguments(arguments.begin(), separator), options, nullptr, 0);
  if (!parsed) return base::fail(parsed.error());
  if (parsed->help) return ShowText{help_text("exec [OPTIONS] -- COMMAND [ARGUMENT…]", options)};
  if (separator == arguments.end() || separator + 1 == arguments.end()) {
    return base::fail(usage("exec", "no command: write it after --, as in: leakguard exec --memory 700m -- ./server"));
  }
  auto exec = exec_from(parsed->values);
  if (!exec) return base::fail(exec.error());
  exec->command.assign(separator + 1, arguments.end());
  if (exec->name.empty()) exec->name = exec->command[0].substr(exec->command[0].rfind('/') + 1);
  return *exec;
}

Result<Invocation> parse_check_config(const Arguments& arguments) {
  po::options_description options("options");
  options.add_options()("help,h", "this text");
  const auto parsed = parse("check-config", arguments, options, "file", 1);
  if (!parsed) return base::fail(parsed.error());
  if (parsed->help) return ShowText{help_text("check-config [FILE]", options)};
  return CheckConfigOptions{first_of(parsed->values, "file")};
}

Result<Invocation> parse_status(const Arguments& arguments) {
  po::options_description options("options");
  options.add_options()("json", "one JSON document")("address", po::value<std::string>(),
                                                     "of the agent (default 127.0.0.1:10780)")("help,h", "this text");
  const auto parsed = parse("status", arguments, options, "workload", 1);
  if (!parsed) return base::fail(parsed.error());
  if (parsed->help) return ShowText{help_text("status [--json] [--address HOST:PORT] [WORKLOAD]", options)};
  StatusOptions status;
  if (parsed->values.count("address") > 0) status.address = text_of(parsed->values, "address");
  status.workload = first_of(parsed->values, "workload");
  status.json = parsed->values.count("json") > 0;
  return status;
}

}  // namespace

Result<Invocation> parse_command_line(const std::vector<std::string>& arguments) {
  if (arguments.empty()) return base::fail(usage("", "no command given"));
  const std::string& command = arguments.front();
  const Arguments rest(arguments.begin() + 1, arguments.end());
  if (command == "--help" || command == "-h" || command == "help") return ShowText{kOverview};
  if (command == "--version") return ShowText{std::string("leakguard ") + kVersion + " (" + kRevision + ")\n"};
  if (command == "run") return parse_run(rest);
  if (command == "exec") return parse_exec(rest);
  if (command == "check-config") return parse_check_config(rest);
  if (command == "status") return parse_status(rest);
  if (command == "analyze") return parse_analyze(rest);
  if (command == "replay") return parse_replay(rest);
  if (command == "drill") return parse_drill(rest);
  if (command == "history") return parse_history(rest);
  return base::fail(usage("", "there is no command '" + command + "'"));
}

}  // namespace agent

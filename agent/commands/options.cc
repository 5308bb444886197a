#include "agent/commands/options.h"

#include <algorithm>
#include <array>
#include <sstream>
#include <string_view>
#include <vector>

#include "agent/commands/options_parts.h"
#include "agent/web/version.h"
#include "base/plausible.h"
#include "base/socket_address.h"
#include "base/web/web_config.h"
#include "guard/config/keys.h"

namespace agent {
namespace {

using base::Code;
using base::Result;

constexpr const char* kOverview =
    R"(leakguard keeps services inside their memory and CPU budget, and reports when it cannot.

  leakguard run [--config FILE] [--dry-run]     guard what the configuration names (the daemon)
  leakguard exec [OPTIONS] [--] COMMAND…        guard one command, without a configuration
  leakguard check-config [FILE]                 all errors of a configuration, with line and column
  leakguard status [--json] [WORKLOAD]          state of the running agent
  leakguard analyze FILE|- [OPTIONS]            leak verdict on a recorded series
  leakguard replay --config FILE HISTORY        what this configuration would have done on recorded history
  leakguard drill [NAME] [OPTIONS]              simulate an incident: what would this configuration do?
  leakguard history export [OPTIONS] [WORKLOAD] what the agent saw and did, as CSV or JSON lines
  leakguard try-pattern PATTERN FILE|-          which lines of a log a pattern matches, with its captures

  leakguard COMMAND --help                      the command's options
  leakguard --version

Exit codes: 0 fine, 1 failed, 2 usage, 3 findings, 4 the agent cannot be reached,
5 nothing could be judged, 78 wrong configuration.
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

// As a configuration takes them: the same bounds, and no number that cannot be meant.
Result<base::Bytes> parse_size(const std::string& text) {
  constexpr base::Bytes kLeast = base::mebibytes(6);
  if (const auto correction = base::size_correction(text); !correction.empty())
    return base::fail(Code::invalid_argument, correction);
  const auto size = base::parse_bytes(text);
  if (size && *size < kLeast)
    return base::fail(Code::invalid_argument,
                      base::format_bytes(*size) + " is less than 6 MiB, the least there can be");
  return size;
}

Result<base::Cores> parse_cpus(const std::string& text) {
  if (const auto correction = base::cores_correction(text); !correction.empty())
    return base::fail(Code::invalid_argument, correction);
  const auto cores = base::parse_cores(text);
  if (cores && (cores->count < 0.01 || cores->count > 4096))
    return base::fail(Code::invalid_argument, "out of bounds: from 0.01 to 4096 cores");
  return cores;
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
      "web-config-file", text(),
      "web configuration file (Prometheus exporter-toolkit format): TLS and basic authentication")(
      "allow-insecure", "listen where other machines can connect, without TLS and passwords")(
      "dry-run", "decide and report, but touch nothing")("help,h", "this text");
  return options;
}

base::Status check_listen(const ExecOptions& exec) {
  if (exec.listen.empty()) return {};
  const auto address = base::parse_listen_address(exec.listen);
  if (!address) return base::fail(usage("exec", "--listen: " + address.error().message));
  if (exec.allow_insecure || base::is_loopback(*address)) return {};
  if (exec.web_config_file.empty())
    return base::fail(
        usage("exec",
              "--listen: other machines can reach this address, and there is neither TLS nor a password; add "
              "--web-config-file, listen on 127.0.0.1:10780, or add --allow-insecure where everyone may read the "
              "status"));
  const auto web = base::load_web_config(exec.web_config_file);
  if (!web.config) {
    std::string problems = "--web-config-file:";
    for (const auto& problem : web.problems) problems += "\n" + to_string(problem);
    return base::fail(usage("exec", problems));
  }
  if (web.config->tls && web.config->authenticates()) return {};
  return base::fail(usage(
      "exec",
      "--web-config-file: other machines can reach " + exec.listen +
          ", so it needs tls_server_config, and basic_auth_users or client_auth_type: RequireAndVerifyClientCert; or "
          "add --allow-insecure"));
}

Result<ExecOptions> exec_from(const po::variables_map& values) {
  ExecOptions exec;
  exec.name = text_of(values, "name");
  exec.expect_log = text_of(values, "expect-log");
  exec.dry_run = values.count("dry-run") > 0;
  exec.allow_insecure = values.count("allow-insecure") > 0;
  exec.web_config_file = text_of(values, "web-config-file");
  if (values.count("listen") > 0) exec.listen = text_of(values, "listen") == "off" ? "" : text_of(values, "listen");
  Converter converter(values, "exec");
  converter.convert("memory", exec.caps.memory, parse_size);
  converter.convert("memory-reservation", exec.caps.memory_reservation, parse_size);
  converter.convert("memory-high", exec.caps.memory_high, parse_size);
  converter.convert("cpus", exec.caps.cpus, parse_cpus);
  converter.convert("pids", exec.caps.pids, parse_pids);
  converter.convert("every", exec.every, base::parse_duration);
  converter.convert("grace", exec.grace, base::parse_duration);
  converter.convert("stop-timeout", exec.stop_timeout, base::parse_duration);
  converter.convert("restart", exec.restart, parse_restart);
  if (converter.error()) return base::fail(*converter.error());
  if (const auto right = check_listen(exec); !right) return base::fail(right.error());
  if (exec.caps.memory && exec.caps.memory_reservation && *exec.caps.memory_reservation > *exec.caps.memory)
    return base::fail(usage("exec", "--memory-reservation must not be above --memory"));
  if (exec.caps.memory && exec.caps.memory_high && *exec.caps.memory_high >= *exec.caps.memory)
    return base::fail(usage("exec", "--memory-high must be below --memory"));
  if (exec.every && exec.expect_log.empty())
    return base::fail(usage("exec", "--every says how often, but --expect-log names no line"));
  return exec;
}

bool takes_value(const po::options_description& options, const std::string& name) {
  try {
    const auto* option = options.find_nothrow(name, true);
    return option != nullptr && option->semantic()->max_tokens() > 0;
  } catch (const po::error&) {  // an abbreviation of several: parse() says so
    return false;
  }
}

// Where the options end: at "--", or at the first word that is neither an option nor an option's value.
Arguments::const_iterator end_of_options(const Arguments& arguments, const po::options_description& options) {
  auto word = arguments.begin();
  while (word != arguments.end() && *word != "--" && word->starts_with('-')) {
    const std::string name = word->substr(std::min(word->find_first_not_of('-'), word->size()));
    const bool has_value_in_next = takes_value(options, name);
    ++word;
    if (has_value_in_next && word != arguments.end()) ++word;
  }
  return word;
}

Result<Invocation> parse_exec(const Arguments& arguments) {
  // What follows the options is the command's own and is not looked at.
  const po::options_description options = exec_flags();
  const auto separator = end_of_options(arguments, options);
  const auto parsed = parse("exec", Arguments(arguments.begin(), separator), options, nullptr, 0);
  if (!parsed) return base::fail(parsed.error());
  if (parsed->help) return ShowText{help_text("exec [OPTIONS] [--] COMMAND [ARGUMENT…]", options)};
  const auto command = separator != arguments.end() && *separator == "--" ? separator + 1 : separator;
  if (command == arguments.end())
    return base::fail(usage("exec", "no command: write it last, as in: leakguard exec --memory 700m ./server"));
  auto exec = exec_from(parsed->values);
  if (!exec) return base::fail(exec.error());
  exec->command.assign(command, arguments.end());
  if (exec->name.empty()) exec->name = exec->command[0].substr(exec->command[0].rfind('/') + 1);
  return *exec;
}

Result<Invocation> parse_check_config(const Arguments& arguments) {
  po::options_description options("options");
  options.add_options()("config,c", po::value<std::string>(),
                        "the same as FILE (default /etc/leakguard/leakguard.yml)")(
      "schema", "print the JSON Schema of the configuration, for editors, and check nothing")("help,h", "this text");
  const auto parsed = parse("check-config", arguments, options, "file", 1);
  if (!parsed) return base::fail(parsed.error());
  if (parsed->help) return ShowText{help_text("check-config [FILE]", options)};
  if (parsed->values.count("schema") > 0) return ShowText{std::string(guard::config::schema())};
  const std::string file = first_of(parsed->values, "file");
  const std::string config = text_of(parsed->values, "config");
  if (!file.empty() && !config.empty())
    return base::fail(usage("check-config", "FILE and --config exclude each other: give one"));
  return CheckConfigOptions{file.empty() ? config : file};
}

Result<Invocation> parse_status(const Arguments& arguments) {
  po::options_description options("options");
  const auto text = [] { return po::value<std::string>(); };
  options.add_options()("json", "one JSON document")("address", text(),
                                                     "of the agent: HOST:PORT, or https://HOST:PORT")(
      "config,c", text(),
      "configuration whose agent.listen is used instead of an address (default /etc/leakguard/leakguard.yml if it "
      "exists, else 127.0.0.1:10780)")("user", text(), "user name for basic authentication")(
      "password-file", text(), "file with that user's password")(
      "ca-file", text(), "CA certificates for the agent's certificate (default: the system's)")("help,h", "this text");
  const auto parsed = parse("status", arguments, options, "workload", 1);
  if (!parsed) return base::fail(parsed.error());
  if (parsed->help)
    return ShowText{help_text("status [--json] [--address HOST:PORT | --config FILE] [WORKLOAD]", options)};
  StatusOptions status;
  status.config = text_of(parsed->values, "config");
  if (!status.config.empty() && parsed->values.count("address") > 0)
    return base::fail(usage("status", "--config and --address both say where: give one"));
  if (parsed->values.count("address") > 0) status.address = text_of(parsed->values, "address");
  status.user = text_of(parsed->values, "user");
  status.password_file = text_of(parsed->values, "password-file");
  status.ca_file = text_of(parsed->values, "ca-file");
  if (status.user.empty() != status.password_file.empty())
    return base::fail(usage("status", "--user and --password-file must be given together"));
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
  struct Command {
    std::string_view name;
    Result<Invocation> (*parse)(const Arguments&);
  };
  constexpr std::array<Command, 9> kCommands{{{"run", parse_run},
                                              {"exec", parse_exec},
                                              {"check-config", parse_check_config},
                                              {"status", parse_status},
                                              {"analyze", parse_analyze},
                                              {"replay", parse_replay},
                                              {"drill", parse_drill},
                                              {"history", parse_history},
                                              {"try-pattern", parse_try_pattern}}};
  std::vector<std::string_view> names;
  for (const Command& known : kCommands) {
    if (known.name == command) return known.parse(rest);
    names.push_back(known.name);
  }
  return base::fail(usage("", "unknown command '" + command + "'" + suggestion_for(command, names)));
}

}  // namespace agent

#pragma once
// The configuration as the program uses it: every value in its type, every relation between values checked. Nothing
// outside this folder sees YAML. A file is either right as a whole or refused with every problem it has.

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/log.h"
#include "base/units.h"
#include "guard/policy/action_rate.h"
#include "guard/policy/dependencies.h"
#include "guard/policy/rule.h"
#include "guard/policy/windows.h"
#include "guard/sample/caps.h"
#include "guard/sample/target.h"
#include "guard/signal/derive.h"

namespace guard::config {

// What is kept of what was seen, in state_dir.
struct HistoryConfig {
  base::Bytes max_size = base::mebibytes(64);         // of its files together; 0: nothing is kept. At least 1 MiB
  base::Duration keep = std::chrono::hours(24 * 30);  // 1h to 10 years
  friend bool operator==(const HistoryConfig&, const HistoryConfig&) = default;
};

struct AgentConfig {
  std::vector<std::string> listen = {"127.0.0.1:10780"};  // host:port or [v6]:port
  std::string state_dir = "/var/lib/leakguard";
  base::Duration sample_interval = std::chrono::seconds(1);  // 100ms to 1m
  base::LogLevel log_level = base::LogLevel::info;
  base::LogFormat log_format = base::LogFormat::logfmt;
  bool dry_run = false;  // decide and report, touch nothing
  HistoryConfig history;
};

// Who may ask the agent's pages.
struct WebConfig {
  bool allow_insecure = false;             // listen where others than this machine can connect
  std::vector<std::string> allowed_hosts;  // names that requests may have as their Host, besides those of loopback
};

struct EngineConfig {
  std::string socket = "/var/run/docker.sock";
};

struct HostConfig {
  std::vector<std::string> mounts = {"/"};  // whose disk space is exported; at most 32
};

// One watched log line. Matched unanchored with RE2; named groups that are numbers become leakguard_log_value.
struct LogWatchConfig {
  std::string name;
  std::string pattern;
  std::optional<base::Duration> every;  // none: counted, never overdue
  base::Duration grace = std::chrono::minutes(5);
  std::string file;  // "": the container's or the command's own output
};

// One question that is asked of a workload again and again: exactly one of http, tcp and command.
struct HealthProbeConfig {
  std::string name;
  std::string http;                  // URL to GET; redirects are not followed
  std::vector<int> statuses;         // that are healthy; none: 200 to 399
  std::string tcp;                   // address and port to connect to
  std::vector<std::string> command;  // argv, no shell; exit status 0 is healthy
  base::Duration every = std::chrono::seconds(10);
  base::Duration timeout = std::chrono::seconds(2);  // at most `every`
  std::uint64_t failures = 3;                        // in a row make it unhealthy
  std::uint64_t successes = 1;                       // in a row make it healthy again
  base::Duration start_period{0};                    // failures this soon after a start do not count
  friend bool operator==(const HealthProbeConfig&, const HealthProbeConfig&) = default;
};

// The shortest and longest pause before a `command` is started again; the pause doubles from one to the other.
struct BackoffConfig {
  base::Duration initial = std::chrono::seconds(1);
  base::Duration max = std::chrono::minutes(1);
  base::Duration reset_after = std::chrono::minutes(5);  // a run this long makes the next pause the initial one again
};

// Only for a target of kind command.
struct CommandConfig {
  std::string program_as_written;                                // the command's first word, its variables not replaced
  std::vector<std::pair<std::string, std::string>> environment;  // all that it gets, but for PATH, HOME and the like
  std::string working_dir;                                       // "": the agent's
  std::string user;                                              // "": nobody where the agent is root, else the agent's
  BackoffConfig backoff;
  int stop_signal = 15;
  base::Duration stop_timeout = std::chrono::seconds(30);  // then SIGKILL
  bool stops_with_agent = true;  // false: an orderly stop of the agent leaves it running for the next one
};

struct WorkloadConfig {
  std::string name;
  sample::Target target;
  sample::Caps caps;
  std::vector<LogWatchConfig> expect_log;
  std::vector<HealthProbeConfig> health;
  bool leak_enabled = true;
  base::Duration leak_window = std::chrono::minutes(10);
  signal::RestartLimit restarts;
  std::vector<policy::Rule> rules;
  policy::ActionRateLimit actions;
  std::vector<policy::Window> maintenance;
  std::vector<policy::Dependency> depends_on;
  CommandConfig command;

  // What derive_signals wants to know of this workload.
  [[nodiscard]] signal::SignalSettings signal_settings() const;
};

enum class ReceiverKind { webhook, alertmanager };
std::string_view name_of(ReceiverKind kind);

struct ReceiverConfig {
  std::string name;
  ReceiverKind kind = ReceiverKind::webhook;
  std::string url;
  std::string bearer_token_file;  // "" for none; read when it is used, so that a rotated secret is picked up
};

struct Config {
  AgentConfig agent;
  WebConfig web;
  EngineConfig engine;
  HostConfig host;
  std::vector<WorkloadConfig> workloads;
  std::vector<ReceiverConfig> notify;
};

// One thing that is wrong, where, and what would be right. Text that holds an environment variable is shown as it was
// written, "${NAME}", since it may be a secret.
struct ConfigProblem {
  std::string file;
  int line = 0;     // from 1; 0 when the problem is the file itself
  int column = 0;   // from 1
  std::string key;  // "workloads[0].caps.memory"; "" for the document
  std::string message;
  friend bool operator==(const ConfigProblem&, const ConfigProblem&) = default;
};

// "leakguard.yml:12:15: workloads[0].caps.memory: not a size: …"
std::string to_string(const ConfigProblem& problem);

// `config` is there exactly when `problems` is empty.
struct ConfigResult {
  std::optional<Config> config;
  std::vector<ConfigProblem> problems;  // in file order, at most kMostProblems and a last one that says so
};

constexpr std::size_t kMostProblems = 100;  // a file that is no configuration at all has no end of them
constexpr std::size_t kMostFileBytes = std::size_t{1} << 20;
constexpr std::size_t kMostWorkloads = 1000;
constexpr std::size_t kMostProbes = 256;  // of all workloads: as many may hang at once, each holding a connection

// The value of an environment variable, or nothing when it is not set.
using Environment = std::function<std::optional<std::string>(std::string_view name)>;
std::optional<std::string> process_environment(std::string_view name);

// Pure. `file_name` only names the file in problems.
ConfigResult parse_config(std::string_view yaml, std::string_view file_name,
                          const Environment& environment = process_environment);

// Reads `path` and then, in lexical order, the *.yml of the folder conf.d beside it, whose `workloads` and `notify` are
// appended; other sections may stand in the main file only. Blocks on the file system.
ConfigResult load_config(const std::string& path, const Environment& environment = process_environment);

// Every key the parser accepts, as "workloads[].caps.memory": for the editors' schema to be held against.
std::vector<std::string> accepted_keys();

}  // namespace guard::config

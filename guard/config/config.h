#pragma once
// The typed configuration: all values and relations between them are checked. Nothing outside this folder sees YAML. A
// file is accepted as a whole, or refused with all of its problems.

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/config/problem.h"
#include "base/config/variables.h"
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

// The history in state_dir.
struct HistoryConfig {
  base::Bytes max_size = base::mebibytes(64);         // of all its files; 0: no history. At least 1 MiB
  base::Duration keep = std::chrono::hours(24 * 30);  // 1h to 10 years
  friend bool operator==(const HistoryConfig&, const HistoryConfig&) = default;
};

struct AgentConfig {
  std::vector<std::string> listen = {"127.0.0.1:10780"};  // host:port or [v6]:port
  std::string state_dir = "/var/lib/leakguard";
  base::Duration sample_interval = std::chrono::seconds(1);  // 100ms to 1m
  base::LogLevel log_level = base::LogLevel::info;
  base::LogFormat log_format = base::LogFormat::logfmt;
  bool dry_run = false;  // decide and report, without acting
  HistoryConfig history;
  std::string web_config_file;  // TLS, users and headers (base/web/web_config.h); "": plain HTTP for everyone
};

// Access to the agent's pages.
struct WebConfig {
  bool allow_insecure = false;             // allow addresses that other machines can reach
  std::vector<std::string> allowed_hosts;  // accepted Host names besides loopback
};

struct EngineConfig {
  std::string socket = "/var/run/docker.sock";
};

struct HostConfig {
  std::vector<std::string> mounts = {"/"};  // mounts with exported disk space; at most 32
};

// An expected log line. Matched unanchored with RE2; numbers in named groups become leakguard_log_value.
struct LogWatchConfig {
  std::string name;
  std::string pattern;
  std::optional<base::Duration> every;  // absent: counted, never overdue
  base::Duration grace = std::chrono::minutes(5);
  std::string file;  // "": the container's or the command's own output
};

// A health probe: exactly one of http, tcp and command.
struct HealthProbeConfig {
  std::string name;
  std::string http;                  // URL to GET; redirects are not followed
  std::vector<int> statuses;         // healthy statuses; empty: 200 to 399
  std::string tcp;                   // address and port to connect to
  std::vector<std::string> command;  // argv, no shell; exit status 0 is healthy
  base::Duration every = std::chrono::seconds(10);
  base::Duration timeout = std::chrono::seconds(2);  // at most `every`
  std::uint64_t failures = 3;                        // consecutive failures until unhealthy
  std::uint64_t successes = 1;                       // consecutive successes until healthy again
  base::Duration start_period{0};                    // failures within this time after a start do not count
  friend bool operator==(const HealthProbeConfig&, const HealthProbeConfig&) = default;
};

// Exponential back-off before a `command` is restarted.
struct BackoffConfig {
  base::Duration initial = std::chrono::seconds(1);
  base::Duration max = std::chrono::minutes(1);
  base::Duration reset_after = std::chrono::minutes(5);  // a run of this length resets the back-off
};

// Only for a target of kind command.
struct CommandConfig {
  std::string program_as_written;  // first word of the command, before ${VAR} expansion
  std::vector<std::pair<std::string, std::string>>
      environment;          // its whole environment, besides PATH, HOME and similar
  std::string working_dir;  // "": the agent's
  std::string user;         // "": nobody when the agent is root, else the agent's user
  BackoffConfig backoff;
  int stop_signal = 15;
  base::Duration stop_timeout = std::chrono::seconds(30);  // then SIGKILL
  bool stops_with_agent = true;                            // false: it keeps running when the agent stops
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

  // The settings for derive_signals.
  [[nodiscard]] signal::SignalSettings signal_settings() const;
};

enum class ReceiverKind { webhook, alertmanager };
std::string_view name_of(ReceiverKind kind);

struct ReceiverConfig {
  std::string name;
  ReceiverKind kind = ReceiverKind::webhook;
  std::string url;
  std::string bearer_token_file;  // "": none; read for each use, so a rotated secret needs no reload
};

struct Config {
  AgentConfig agent;
  WebConfig web;
  EngineConfig engine;
  HostConfig host;
  std::vector<WorkloadConfig> workloads;
  std::vector<ReceiverConfig> notify;
};

using base::config::ConfigProblem;
using base::config::Environment;
using base::config::kMostProblems;
using base::config::process_environment;
using base::config::to_string;

// `config` is present exactly when `problems` is empty.
struct ConfigResult {
  std::optional<Config> config;
  std::vector<ConfigProblem> problems;  // in file order; at most kMostProblems, plus one that says so
};

constexpr std::size_t kMostWorkloads = 1000;
constexpr std::size_t kMostProbes = 256;  // of all workloads; each may hang with an open connection

// Pure. `file_name` appears in problems only.
ConfigResult parse_config(std::string_view yaml, std::string_view file_name,
                          const Environment& environment = process_environment);

// Reads `path`, then *.yml in the folder conf.d beside it in lexical order; these may contain `workloads` and `notify`
// only, which are appended. Blocks on the file system.
ConfigResult load_config(const std::string& path, const Environment& environment = process_environment);

// What is wrong with agent.web_config_file, and with listening beyond this machine with it. For those who serve the
// pages: only they may read its private key. Blocks on the file system.
std::vector<ConfigProblem> check_web_config(const Config& config);

}  // namespace guard::config

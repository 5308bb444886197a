#pragma once
// The report: the state of the guard after a tick as a plain value. Metrics, status page, status command and status
// text are views of it.

#include <array>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "base/clock.h"
#include "guard/policy/caps.h"
#include "guard/policy/decision.h"
#include "guard/policy/rule.h"
#include "guard/sample/snapshot.h"
#include "guard/signal/signals.h"

namespace guard::telemetry {

struct LogReport {
  sample::LogWatch watch;
  std::optional<base::Duration> expected_interval;  // absent: only counted, never overdue
  sample::Reading<bool> overdue;                    // last known value; unchanged while the stream is down
  signal::CleanupEffect cleanups;
};

// The state of the rules of a workload, and what suppresses them.
struct PolicyReport {
  struct Escalation {
    std::string rule;
    std::size_t step = 0;  // current step, from 1; 0 for none
    std::size_t steps = 0;
  };
  struct StopLatch {
    std::string rule;
    base::WallTime latched_at;
  };
  struct PressureRule {
    std::string rule;
    policy::Metric metric = policy::Metric::memory_pressure;
  };
  struct ImpossibleRule {
    std::string rule;
    std::string why;
  };
  std::vector<Escalation> escalations;           // in the order of the rules
  std::vector<PressureRule> pressure_rules;      // rules on PSI, which cannot fire on a kernel without it
  std::vector<ImpossibleRule> impossible_rules;  // rules that cannot fire on this host
  std::optional<StopLatch> stop_latch;           // set while latched
  std::string stop_marker;                       // file in which "start" starts a latched command; "" for none
  std::string maintenance;                       // the open window, as text; "" for none
  std::string dependency_suppression;            // why a dependency forbids a restart; "" for none
  std::size_t actions_counted = 0;               // within the window of the action rate limit
  std::size_t actions_max = 0;                   // 0: unknown
  base::Duration actions_within{0};
};

// Caps that the engine or the kernel refuses.
struct CapsRefusal {
  std::string why;                     // the message of the engine or the kernel
  std::vector<std::string> resources;  // the requested resources
  base::Duration retry_in{0};
};

struct WorkloadReport {
  sample::Workload workload;
  signal::WorkloadSignals signals;
  std::vector<policy::CapDrift> caps;
  std::optional<CapsRefusal> caps_refusal;
  std::vector<LogReport> logs;
  std::vector<sample::Probe> probes;                        // probes with a result; evaluated in signals.health
  std::map<std::string, std::uint64_t> restarts_by_reason;  // by sample::ExitReason's name, or "unknown"
  PolicyReport policy;
};

// The outcome of a decision.
enum class Outcome {
  done,
  dry_run,
  recovered,
  failed,
  skipped,
  superseded,   // another rule's action, at least as strong, was in progress or just completed
  rate_limit,   // the action rate limit of the workload is reached
  maintenance,  // in a maintenance window
  dependency,   // a dependency is down or being restarted
  stop_latch,   // stopped by a rule and not started since
};
std::string_view name_of(Outcome outcome);

struct ActionRecord {
  std::uint64_t number = 0;  // from 1, in the order of decisions
  base::WallTime at;
  policy::Decision decision;
  std::optional<Outcome> outcome;  // absent while it is being carried out
  std::string result;              // what was verified, or why it failed
  std::string effect;              // of a step of an escalation: its effect, once known
  base::Duration took{0};
};

// Cumulative buckets as Prometheus wants them. Bounds in seconds.
struct DurationHistogram {
  static constexpr std::array<double, 10> kBounds = {0.01, 0.05, 0.1, 0.5, 1, 2, 5, 10, 30, 60};
  std::array<std::uint64_t, kBounds.size()> at_most{};
  std::uint64_t count = 0;
  double sum_seconds = 0;
  void observe(base::Duration duration);
};

struct ActionKey {
  std::string workload;
  std::string action;
  std::string rule;
  std::string result;
  friend auto operator<=>(const ActionKey&, const ActionKey&) = default;
};

struct Report {
  base::WallTime at;
  std::vector<WorkloadReport> workloads;
  sample::Host host;
  std::vector<sample::SourceReport> sources;

  std::map<ActionKey, std::uint64_t> actions;                 // bounded by workloads × rules × actions × outcomes
  std::map<std::string, DurationHistogram> action_durations;  // by action
  DurationHistogram breach_to_action;
  std::deque<ActionRecord> recent_actions;  // the newest last, kRecentActions at most
  static constexpr std::size_t kRecentActions = 200;

  std::uint64_t journal_errors = 0;  // records of actions that could not be written down
  std::uint64_t ticks = 0;
  std::uint64_t ticks_late = 0;
  bool dry_run = false;
  bool config_reload_ok = true;
  base::WallTime config_reloaded_at;
};

}  // namespace guard::telemetry

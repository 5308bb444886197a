#pragma once
// What the guard knows after a tick, as one plain value. The metrics, the status page, the status command and the
// words in them are all views of this; none of them asks the guard itself.

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
  std::optional<base::Duration> expected_interval;  // none: counted only, its absence is not alarmed
  sample::Reading<bool> overdue;                    // the last known answer: a broken stream leaves it as it was
  signal::CleanupEffect cleanups;
};

// Where the rules of a workload stand, and what keeps them from acting.
struct PolicyReport {
  struct Ladder {
    std::string rule;
    std::size_t step = 0;  // under way, from 1; 0 for none
    std::size_t steps = 0;
  };
  struct Breaker {
    std::string rule;
    base::WallTime opened_at;
  };
  struct PressureRule {
    std::string rule;
    policy::Metric metric = policy::Metric::memory_pressure;
  };
  struct ImpossibleRule {
    std::string rule;
    std::string why;
  };
  std::vector<ImpossibleRule> impossible_rules;  // that cannot fire on this host
  std::vector<Ladder> ladders;                   // in the order of the rules
  std::vector<PressureRule> pressure_rules;      // that a kernel without PSI leaves without a reading
  std::optional<Breaker> breaker;                // while it is open
  std::string maintenance;                       // the window that is open, in words; "" for none
  std::string held_back;                         // why it must not be restarted now; "" for nothing
  std::size_t actions_spent = 0;                 // of the budget
  std::size_t actions_max = 0;                   // 0: not known
  base::Duration actions_within{0};
};

// Caps that the engine or the kernel refuses.
struct CapsRefusal {
  std::string why;                     // in the refuser's own words
  std::vector<std::string> resources;  // that were asked for
  base::Duration retry_in{0};
};

struct WorkloadReport {
  sample::Workload workload;
  signal::WorkloadSignals signals;
  std::vector<policy::CapDrift> caps;
  std::optional<CapsRefusal> caps_refusal;
  std::vector<LogReport> logs;
  std::vector<sample::Probe> probes;  // of those that have been seen; what they mean is in signals.health
  std::map<std::string, std::uint64_t> restarts_by_reason;  // by sample::ExitReason's name, or "unknown"
  PolicyReport policy;
};

// What became of a decision.
enum class Outcome {
  done,
  dry_run,
  recovered,
  failed,
  skipped,
  superseded,   // another rule's action, as strong or stronger, was under way or had just been done
  budget,       // the workload's budget of actions is spent
  maintenance,  // in a maintenance window
  held_back,    // what it depends on is down or being restarted
  breaker,      // stopped by a rule and not started since
};
std::string_view name_of(Outcome outcome);

struct ActionRecord {
  std::uint64_t number = 0;  // from 1, in the order of decisions
  base::WallTime at;
  policy::Decision decision;
  std::optional<Outcome> outcome;  // none while it is being carried out
  std::string result;              // in words: what was verified, or why it failed
  std::string effect;              // of a ladder's step: whether it helped, in words, once that is known
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

#pragma once
// A rule: a condition on one signal, how long it must be held, what to do, and the cool-down afterwards. The response
// is either one list of actions or an escalation policy, from the gentlest step to the strongest.

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "guard/policy/action_spec.h"
#include "guard/sample/caps.h"
#include "guard/signal/signals.h"

namespace guard::policy {

// The signals that a rule can test; the names are the configuration's keys.
enum class Metric {
  memory,              // memory that the kernel cannot reclaim: bytes, or ratio of the limit
  memory_working_set,  // usage minus inactive page cache: bytes, or ratio of the limit
  memory_growth,       // bytes per second ("> 10m" in a configuration: per hour)
  time_to_limit,       // seconds
  leaking,             // 0 or 1: the verdict of the leak detector
  cpu,                 // cores, or ratio of the CPU cap
  cpu_throttled,       // ratio
  memory_pressure,     // ratio
  cpu_pressure,        // ratio
  io_pressure,         // ratio
  pids,                // count
  oom_kills,           // new kills in this tick
  restart_loop,        // 0 or 1
  log_overdue,         // 0 or 1: any expected log line of the workload
  log_value,           // the number captured last
  unhealthy,           // 0 or 1: the named probe, or any probe of the workload
  disk,                // used ratio of the named mount, or of the fullest one
};
std::string_view name_of(Metric metric);
// From the kernel's pressure stall information (PSI), which not every kernel has.
constexpr bool is_pressure(Metric metric) {
  return metric == Metric::memory_pressure || metric == Metric::cpu_pressure || metric == Metric::io_pressure;
}

// Selects one of several sources of a metric.
struct Subject {
  std::string name;     // disk: mount; unhealthy: probe; log_value: log line; "": any, or the fullest mount
  std::string capture;  // log_value: the named group of the pattern
  friend bool operator==(const Subject&, const Subject&) = default;
};

enum class Comparison { above, below };

struct Threshold {
  double value = 0;       // in the metric's unit; a ratio when is_ratio
  bool is_ratio = false;  // compare the used ratio of the limit instead of the amount
  friend bool operator==(const Threshold&, const Threshold&) = default;
};

// True while the metric is beyond `trip`.
struct Condition {
  Metric metric = Metric::memory;
  Subject subject;
  Comparison comparison = Comparison::above;
  Threshold trip;
};

// One step of an escalation. Its goal is `until`, by default that the rule is clear. The next step follows when the
// goal is not reached within `within` after the actions of the step ended.
struct Step {
  std::vector<ActionSpec> actions;
  std::optional<Condition> until;
  std::optional<std::chrono::nanoseconds> within;  // default, for the last step only: the cool-down
};

struct Rule : Condition {
  std::string name;
  std::optional<Threshold>
      clear;  // hysteresis: a tripped rule stays tripped until this is crossed; default: the trip threshold
  std::chrono::nanoseconds held_for{0};
  std::chrono::nanoseconds cooldown = std::chrono::minutes(5);
  std::vector<ActionSpec> actions;  // all at once; empty when there is an escalation
  std::vector<Step> escalation;     // one step at a time; empty when there are actions
};

// The value of the metric in these signals, in its unit or as a ratio; absent when the signal is absent.
sample::Reading<double> value_of(const signal::WorkloadSignals& signals, Metric metric, const Subject& subject,
                                 bool as_ratio);
// The condition is true only while more CPU cores than this are used; nothing when it is not such a condition. `caps`:
// of the workload, for "of its cap".
std::optional<base::Cores> needed_cores(const Condition& condition, const sample::Caps& caps);
// "needs more than 4 CPU cores and the host has 2"; "" when the host can use as many.
std::string why_it_cannot_fire(int host_cores, const Condition& condition, const sample::Caps& caps);
bool is_beyond(double value, Comparison comparison, double threshold);
Comparison opposite(Comparison comparison);
// Absent when the metric is absent.
sample::Reading<bool> is_true(const Condition& condition, const signal::WorkloadSignals& signals);
// The opposite condition: "memory below 75%" becomes "memory above 75%".
Condition negated(const Condition& condition);

}  // namespace guard::policy

#pragma once
// A rule: a condition on one signal, how long it must hold, what to do, and how long to rest afterwards. What to do is
// either one list of actions or a ladder of them, from the gentlest step to the strongest.

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "guard/policy/action_spec.h"
#include "guard/sample/caps.h"
#include "guard/signal/signals.h"

namespace guard::policy {

// The signals a rule may be about; names are the configuration's keys.
enum class Metric {
  memory,              // what cannot be reclaimed: bytes, or ratio of its limit
  memory_working_set,  // usage less inactive page cache: bytes, or ratio of its limit
  memory_growth,       // bytes per second ("> 10m" in a configuration: per hour)
  time_to_limit,       // seconds
  leaking,             // 0 or 1: the verdict on its memory
  cpu,                 // cores, or ratio of its cap
  cpu_throttled,       // ratio
  memory_pressure,     // ratio
  cpu_pressure,        // ratio
  io_pressure,         // ratio
  pids,                // count
  oom_kills,           // new ones in this interval
  restart_loop,        // 0 or 1
  log_overdue,         // 0 or 1: any watch of the workload
  log_value,           // the number last captured
  unhealthy,           // 0 or 1: this probe, or any of the workload
  disk,                // ratio: of this mount, or of the fullest
};
std::string_view name_of(Metric metric);
// From the kernel's pressure stall information (PSI), which not every kernel has.
constexpr bool is_pressure(Metric metric) {
  return metric == Metric::memory_pressure || metric == Metric::cpu_pressure || metric == Metric::io_pressure;
}

// Which one is meant, where a workload has several of the metric's kind.
struct Subject {
  std::string name;     // disk: the mount · unhealthy: the probe · log_value: the log line; "": any, or the fullest
  std::string capture;  // log_value: which of the line's numbers
  friend bool operator==(const Subject&, const Subject&) = default;
};

enum class Comparison { above, below };

struct Threshold {
  double value = 0;       // in the metric's unit; a ratio when is_ratio
  bool is_ratio = false;  // compare with the used part of the limit, not with the amount
  friend bool operator==(const Threshold&, const Threshold&) = default;
};

// True while the metric is beyond `trip`.
struct Condition {
  Metric metric = Metric::memory;
  Subject subject;
  Comparison comparison = Comparison::above;
  Threshold trip;
};

// One step of a ladder. It has helped when `until` is true (without it: when the rule is clear) not later than `within`
// after its actions were done; else the next step follows.
struct Step {
  std::vector<ActionSpec> actions;
  std::optional<Condition> until;
  std::optional<std::chrono::nanoseconds> within;  // the last step may do without: the rule's cool-down
};

struct Rule : Condition {
  std::string name;
  std::optional<Threshold>
      clear;  // hysteresis: once tripped the rule stays so until this is crossed; default: trip itself
  std::chrono::nanoseconds held_for{0};
  std::chrono::nanoseconds cooldown = std::chrono::minutes(5);
  std::vector<ActionSpec> actions;  // all at once; empty when there is a ladder
  std::vector<Step> ladder;         // one step at a time; empty when there are actions
};

// The metric's value in this snapshot in the unit of `threshold`; absent when the signal is.
sample::Reading<double> value_of(const signal::WorkloadSignals& signals, Metric metric, const Subject& subject,
                                 bool as_ratio);
// The condition is true only while more CPU cores than this are used; nothing when it is not such a condition. `caps`:
// of the workload, for "of its cap".
std::optional<base::Cores> needed_cores(const Condition& condition, const sample::Caps& caps);
// "needs more than 4 CPU cores and the host has 2"; "" when the host can use as many.
std::string why_it_cannot_fire(int host_cores, const Condition& condition, const sample::Caps& caps);
bool is_beyond(double value, Comparison comparison, double threshold);
Comparison opposite(Comparison comparison);
// Absent when the metric is.
sample::Reading<bool> is_true(const Condition& condition, const signal::WorkloadSignals& signals);
// True while `condition` is not: "memory below 75%" becomes "memory above 75%".
Condition negated(const Condition& condition);

}  // namespace guard::policy

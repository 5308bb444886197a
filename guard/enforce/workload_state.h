#pragma once
// The state of one workload that is kept between ticks, bounded by the configuration. Private to guard/.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "guard/config/config.h"
#include "guard/policy/action_rate.h"
#include "guard/policy/arbitration.h"
#include "guard/policy/stop_latch.h"
#include "guard/signal/derive.h"

namespace guard {

struct WorkloadState {
  config::WorkloadConfig config;  // `name` is this workload's own, such as "api-2" for the configured "api"
  std::string configured_as;      // "api"
  base::SteadyTime last_seen{};   // last time it was in a snapshot
  signal::SignalSettings settings;
  signal::WorkloadHistory history;
  policy::RuleStates rules;
  std::uint64_t restarts_counted = 0;
  std::map<std::string, std::uint64_t> restarts_by_reason;
  std::map<std::string, sample::Reading<bool>> overdue;  // last known value, by log

  policy::Arbitration arbitration;
  policy::ActionRate action_rate;
  bool rate_limit_reported = false;                  // set once the rate limit is reached; cleared below it
  std::optional<policy::StopLatch> stop_latch;       // set while latched
  std::map<std::string, base::SteadyTime> acted_at;  // by rule: start of its last action
  // Caps that the engine or the kernel refused, and when they are retried.
  struct CapsRefusal {
    std::string why;  // the engine's or the kernel's message
    base::Code code = base::Code::internal;
    int times = 0;  // in a row
    base::SteadyTime retry_at{};
    bool is_dry_run = false;  // a dry run, repeated rarely
  };
  // By the requested resources, so that a refused cap does not affect the others. Cleared once the caps are in force
  // and with each new run.
  std::map<std::vector<std::string>, CapsRefusal> caps_refusals;
  std::string caps_refused_run;  // Identity::key of the run that refused them

  // Suppressions as of this tick.
  std::string maintenance;             // the open window, as text; "" for none
  std::string dependency_suppression;  // why a dependency forbids a restart; "" for none
};

// For a reload: takes over the state that `before` has when the target is the same. Held conditions start again, which
// can only delay an action, since a rule may have changed under its name. Cool-downs, the action rate and a stop latch
// are kept, so that a reload permits no extra restart. An escalation continues when its steps are the same.
void inherit_state(WorkloadState& before, WorkloadState& state, base::SteadyTime now);

}  // namespace guard

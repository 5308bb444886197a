#pragma once
// One workload and all that is remembered of it from tick to tick. Everything in it is bounded by the configuration.
// Only for the guard itself.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "guard/config/config.h"
#include "guard/policy/breaker.h"
#include "guard/policy/budget.h"
#include "guard/policy/course.h"
#include "guard/signal/derive.h"

namespace guard {

struct Watched {
  config::WorkloadConfig config;  // its name is this workload's own: "api-2" of the configured "api"
  std::string configured_as;      // "api"
  base::SteadyTime last_seen{};   // in a snapshot
  signal::SignalSettings settings;
  signal::WorkloadHistory history;
  policy::RuleStates rules;
  std::uint64_t restarts_counted = 0;
  std::map<std::string, std::uint64_t> restarts_by_reason;
  std::map<std::string, sample::Reading<bool>> overdue;  // the last known answer, by log

  policy::Course course;
  policy::Budget budget;
  bool budget_was_told = false;                      // that it is spent, since it last was not
  std::optional<policy::Breaker> breaker;            // open while it is there
  std::map<std::string, base::SteadyTime> acted_at;  // by rule: when its last action began
  // Caps that the engine or the kernel refused, and when they are tried again.
  struct CapsRefusal {
    std::string why;  // the engine's or the kernel's message
    base::Code code = base::Code::internal;
    int times = 0;  // in a row
    base::SteadyTime retry_at{};
    bool is_dry_run = false;  // refused by nobody: it is only said again rarely
  };
  // By what was asked for: one refused cap leaves the others alone. Forgotten when they are in force and with the run.
  std::map<std::vector<std::string>, CapsRefusal> caps_refusals;
  std::string caps_refused_run;  // Identity::key of the run that they are about

  // As of this tick.
  std::string maintenance;  // the window that is open, in words; "" for none
  std::string held_back;    // why it must not be restarted now: what it depends on; "" for nothing
};

}  // namespace guard

#pragma once
// One configured workload and all that is remembered of it from tick to tick. Everything in it is bounded by the
// configuration. Only for the guard itself.

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "base/clock.h"
#include "guard/config/config.h"
#include "guard/policy/breaker.h"
#include "guard/policy/budget.h"
#include "guard/policy/course.h"
#include "guard/signal/derive.h"

namespace guard {

struct Watched {
  config::WorkloadConfig config;
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
  std::optional<base::SteadyTime> caps_retry_at;     // caps that were refused are not tried again every tick

  // As of this tick.
  std::string maintenance;  // the window that is open, in words; "" for none
  std::string held_back;    // why it must not be restarted now: what it depends on; "" for nothing
};

}  // namespace guard

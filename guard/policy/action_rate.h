#pragma once
// Action rate limit: at most `max` enforcing actions on a workload within a time window, whatever its rules ask for. It
// bounds the damage of a wrong rule and stops endless restarts of a workload that no restart can cure. Notifications
// and caps are not counted.

#include <chrono>
#include <cstddef>
#include <deque>

#include "base/clock.h"

namespace guard::policy {

struct ActionRateLimit {
  // One every six minutes on average: more than any escalation that works needs, and few enough to follow by hand.
  std::size_t max = 10;
  std::chrono::nanoseconds within = std::chrono::hours(1);
};

// The times of the latest actions on one workload; bounded by kMost.
class ActionRate {
 public:
  static constexpr std::size_t kMost = 1000;

  // Records an action that starts at `now`.
  void note(base::SteadyTime now);
  // Number of actions within the limit's window before `now`.
  [[nodiscard]] std::size_t count(const ActionRateLimit& limit, base::SteadyTime now) const;
  [[nodiscard]] bool is_reached(const ActionRateLimit& limit, base::SteadyTime now) const {
    return count(limit, now) >= limit.max;
  }

 private:
  std::deque<base::SteadyTime> recent_;  // newest last
};

}  // namespace guard::policy

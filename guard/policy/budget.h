#pragma once
// How often a workload may be taken hold of: so many enforcing actions within such a time, whatever its rules say. A
// rule that is wrong, or a workload that nothing helps, must not be restarted all night. Telling people and putting
// caps back cost nothing.

#include <chrono>
#include <cstddef>
#include <deque>

#include "base/clock.h"

namespace guard::policy {

struct BudgetLimit {
  // Six minutes apart on average: more than any ladder needs that helps, and few enough for people to follow.
  std::size_t max = 10;
  std::chrono::nanoseconds within = std::chrono::hours(1);
};

// Bounded by the limit's `max`.
class Budget {
 public:
  static constexpr std::size_t kMost = 1000;

  // Notes an action that begins at `now`.
  void spend(base::SteadyTime now);
  // How many of the last actions still count.
  [[nodiscard]] std::size_t spent(const BudgetLimit& limit, base::SteadyTime now) const;
  [[nodiscard]] bool is_spent(const BudgetLimit& limit, base::SteadyTime now) const {
    return spent(limit, now) >= limit.max;
  }

 private:
  std::deque<base::SteadyTime> spent_;  // the newest last
};

}  // namespace guard::policy

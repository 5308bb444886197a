#include "guard/policy/budget.h"

#include <algorithm>

namespace guard::policy {

void Budget::spend(base::SteadyTime now) {
  if (spent_.size() >= kMost) spent_.pop_front();
  spent_.push_back(now);
}

std::size_t Budget::spent(const BudgetLimit& limit, base::SteadyTime now) const {
  return static_cast<std::size_t>(
      std::ranges::count_if(spent_, [&](base::SteadyTime at) { return now - at < limit.within; }));
}

}  // namespace guard::policy

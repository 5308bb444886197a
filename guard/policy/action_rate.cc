#include "guard/policy/action_rate.h"

#include <algorithm>

namespace guard::policy {

void ActionRate::note(base::SteadyTime now) {
  if (recent_.size() >= kMost) recent_.pop_front();
  recent_.push_back(now);
}

std::size_t ActionRate::count(const ActionRateLimit& limit, base::SteadyTime now) const {
  return static_cast<std::size_t>(
      std::ranges::count_if(recent_, [&](base::SteadyTime at) { return now - at < limit.within; }));
}

}  // namespace guard::policy

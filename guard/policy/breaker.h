#pragma once
// A workload that a rule has stopped stays stopped: its breaker is open, and no rule takes hold of it, until somebody
// starts it again. That is seen, not told: a run that is another than the one that was stopped.

#include <cstdint>
#include <optional>
#include <string>

#include "base/clock.h"
#include "guard/sample/snapshot.h"

namespace guard::policy {

struct Breaker {
  std::string rule;  // that stopped it
  base::WallTime opened_at;
  std::string identity;      // Identity::key of the run that was stopped; "" when it is not known any more
  std::uint64_t starts = 0;  // its Lifecycle::starts
  std::optional<std::uint64_t> starts_when_down = std::nullopt;  // once it was seen stopped
  std::string identity_when_down = {};                           // Identity::key then; "" when there was none
};

// One look. True when another run of the workload is seen, also one that has ended already: the breaker closes. What is
// unknown leaves it open, and so does a view that is older than the stop.
bool is_started_again(Breaker& breaker, const sample::Workload& workload);

}  // namespace guard::policy

#pragma once
// Stop latch: a workload that a rule has stopped stays stopped, and no rule acts on it, until someone starts it again.
// The start is detected, not announced: it is a run other than the one that was stopped.

#include <cstdint>
#include <optional>
#include <string>

#include "base/clock.h"
#include "guard/sample/snapshot.h"

namespace guard::policy {

struct StopLatch {
  std::string rule;  // the rule that stopped the workload
  base::WallTime latched_at;
  std::string identity;      // Identity::key of the stopped run; "" when unknown, such as after an agent restart
  std::uint64_t starts = 0;  // Lifecycle::starts of the stopped run
  std::optional<std::uint64_t> starts_when_down = std::nullopt;  // set once the workload was seen stopped
  std::string identity_when_down = {};                           // Identity::key at that time; "" when absent
};

// True when another run of the workload is seen, also one that has ended already: the latch is to be released. An
// unknown state, or a reading from before the stop, keeps it latched. Updates what was seen while down.
bool is_started_again(StopLatch& stop_latch, const sample::Workload& workload);

}  // namespace guard::policy

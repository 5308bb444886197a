#pragma once
// How long a workload has been running, summed over its runs: across restarts and new containers, without the time in
// which it was stopped, paused or not seen. What a service owes after so much running time (a cleanup line) is judged
// on this: one that is killed every 20 minutes still owes its line of every 30.

#include <chrono>
#include <cstddef>
#include <deque>
#include <optional>

#include "base/clock.h"
#include "base/units.h"

namespace guard::signal {

// Copyable; bounded.
class RunningTime {
 public:
  // Stretches kept apart. Above it the two oldest are joined: their sum stays, and when they began gets less exact.
  static constexpr std::size_t kMostStretches = 64;

  // One tick. Counts the time since the tick before when the workload was running at both. The first counts nothing.
  void observe(bool is_running, base::SteadyTime now);

  // How much of the time from `from` to `until` it was running, as far as that was observed.
  [[nodiscard]] base::Duration between(base::SteadyTime from, base::SteadyTime until) const;

 private:
  struct Stretch {
    base::SteadyTime began;
    base::SteadyTime ended;
  };
  std::deque<Stretch> stretches_;  // oldest first
  bool was_running_ = false;
};

}  // namespace guard::signal

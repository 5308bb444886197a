#pragma once
// A rate with a burst: the generic cell rate algorithm, a token bucket that needs a single number. In whole
// nanoseconds, so that the wait named by a refusal is the one that lets in. Pure: time is an argument.

#include <chrono>
#include <cstddef>
#include <optional>

#include "base/clock.h"

namespace base {

// Within these the arithmetic in nanoseconds cannot overflow; beyond them the nearest one holds.
inline constexpr double kSlowestRate = 1.0 / 86'400;  // one a day
inline constexpr std::size_t kMaxBurst = 10'000;

struct Rate {
  double per_second = 0;   // at least kSlowestRate
  std::size_t burst = 20;  // that may come at once after a pause, 1 to kMaxBurst
};

class RateGate {
 public:
  // None: counted, go on. Else nothing is counted, and this is how long from `now` until the next may come.
  std::optional<std::chrono::nanoseconds> pass(const Rate& rate, SteadyTime now);
  // One that has passed is no longer counted.
  void give_back(const Rate& rate);
  // Whether it lets in as many at once as one that is new.
  [[nodiscard]] bool is_full(SteadyTime now) const { return due_ <= now; }

 private:
  SteadyTime due_{};  // when all that has passed would have passed at the even rate
};

}  // namespace base

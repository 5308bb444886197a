#pragma once
// A rate limiter with a burst: the generic cell rate algorithm, a token bucket that needs a single number. In whole
// nanoseconds, so that the wait named by a refusal is exact. Pure: time is an argument.

#include <chrono>
#include <cstddef>
#include <optional>

#include "base/clock.h"

namespace base {

// Within these the arithmetic in nanoseconds cannot overflow; beyond them the nearest one holds.
inline constexpr double kSlowestRate = 1.0 / 86'400;  // one a day
inline constexpr std::size_t kMaxBurst = 10'000;

struct RateLimit {
  double per_second = 0;   // at least kSlowestRate
  std::size_t burst = 20;  // requests at once after a pause, 1 to kMaxBurst
};

class RateLimiter {
 public:
  // Absent: admitted and counted. Otherwise refused and not counted: the time from now until the next is admitted.
  std::optional<std::chrono::nanoseconds> admit(const RateLimit& limit, SteadyTime now);
  // An admitted request is no longer counted.
  void refund(const RateLimit& limit);
  // Whether the full burst is available.
  [[nodiscard]] bool is_full(SteadyTime now) const { return due_ <= now; }

 private:
  SteadyTime due_{};  // when everything admitted would have come at the even rate
};

}  // namespace base

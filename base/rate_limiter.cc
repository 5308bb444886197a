#include "base/rate_limiter.h"

#include <algorithm>
#include <cmath>
#include <cstdint>

namespace base {
namespace {

using std::chrono::nanoseconds;

nanoseconds interval_of(const RateLimit& limit) {
  return nanoseconds(std::max<std::int64_t>(1, std::llround(1e9 / std::max(kSlowestRate, limit.per_second))));
}

}  // namespace

std::optional<nanoseconds> RateLimiter::admit(const RateLimit& limit, SteadyTime now) {
  const nanoseconds interval = interval_of(limit);
  const auto ahead = interval * static_cast<std::int64_t>(std::clamp<std::size_t>(limit.burst, 1, kMaxBurst) - 1);
  if (now < due_ - ahead) return due_ - ahead - now;
  due_ = std::max(due_, now) + interval;
  return std::nullopt;
}

void RateLimiter::refund(const RateLimit& limit) { due_ -= interval_of(limit); }

}  // namespace base

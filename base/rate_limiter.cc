#include "base/rate_gate.h"

#include <algorithm>
#include <cmath>
#include <cstdint>

namespace base {
namespace {

using std::chrono::nanoseconds;

nanoseconds interval_of(const Rate& rate) {
  return nanoseconds(std::max<std::int64_t>(1, std::llround(1e9 / std::max(kSlowestRate, rate.per_second))));
}

}  // namespace

std::optional<nanoseconds> RateGate::pass(const Rate& rate, SteadyTime now) {
  const nanoseconds interval = interval_of(rate);
  const auto ahead = interval * static_cast<std::int64_t>(std::clamp<std::size_t>(rate.burst, 1, kMaxBurst) - 1);
  if (now < due_ - ahead) return due_ - ahead - now;
  due_ = std::max(due_, now) + interval;
  return std::nullopt;
}

void RateGate::give_back(const Rate& rate) { due_ -= interval_of(rate); }

}  // namespace base

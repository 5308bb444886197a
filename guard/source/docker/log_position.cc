#include "guard/source/docker/log_position.h"

#include <algorithm>
#include <chrono>
#include <functional>

namespace guard::source {
namespace {

// Standard output and error are stamped apart and may be written a little out of order.
constexpr std::chrono::seconds kDisorder{1};
constexpr std::chrono::seconds kClockTolerance{2};

}  // namespace

bool ContainerLogPosition::accept(base::WallTime at, std::string_view line) {
  if (at < since_ || !known_.emplace(at, std::hash<std::string_view>()(line)).second) return false;
  latest_ = std::max(latest_, at);
  if (known_.size() > kMaxKnown) settle_until(known_.begin()->first + std::chrono::nanoseconds(1));
  return true;
}

void ContainerLogPosition::settle() {
  if (latest_ != base::WallTime::min()) settle_until(latest_ - kDisorder);
}

void ContainerLogPosition::notice_clock(base::WallTime now) {
  if (since_ <= now + kClockTolerance) return;
  since_ = now;
  latest_ = now;
  known_.clear();
}

void ContainerLogPosition::settle_until(base::WallTime time) {
  if (time <= since_) return;
  since_ = time;
  known_.erase(known_.begin(), known_.lower_bound({time, 0}));
}

}  // namespace guard::source

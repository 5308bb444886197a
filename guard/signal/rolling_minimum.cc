#include "guard/signal/rolling_minimum.h"

#include <algorithm>
#include <cmath>

namespace guard::signal {

namespace {

constexpr std::size_t kMostRings = 26;  // from a quarter of a second to two weeks

}  // namespace

RollingMinimum::RollingMinimum(double narrowest_seconds) {
  double width = narrowest_seconds;
  rings_.reserve(kMostRings);
  do {
    rings_.emplace_back().width_seconds = width;
    width *= 2;
  } while (rings_.size() < kMostRings && rings_.back().width_seconds * static_cast<double>(kBuckets) < kViewSeconds);
}

std::uint32_t RollingMinimum::add(double seconds, double bytes) {
  closed_now_ = 0;
  Ring& narrowest = rings_.front();
  const auto index = static_cast<std::int64_t>(seconds / narrowest.width_seconds);
  if (narrowest.is_open && narrowest.open.index != index) close(0);
  const auto value = static_cast<float>(bytes);
  if (!narrowest.is_open) {
    narrowest.open = {index, seconds, value, {value, value, value, value}};
    narrowest.is_open = true;
  } else {
    if (value < narrowest.open.minima[0]) {
      narrowest.open.at = seconds;
      narrowest.open.minima.fill(value);
    }
    narrowest.open.maximum = std::max(narrowest.open.maximum, value);
  }
  return closed_now_;
}

void RollingMinimum::close(std::size_t position) {
  Ring& ring = rings_[position];
  const Bucket bucket = ring.open;
  ring.is_open = false;
  ring.closed[ring.next] = bucket;
  ring.next = (ring.next + 1) % kBuckets;
  ring.count = std::min(ring.count + 1, kBuckets);
  closed_now_ |= std::uint32_t{1} << position;
  if (position + 1 < rings_.size()) merge(position + 1, bucket, bucket.index / 2);
}

void RollingMinimum::merge(std::size_t position, const Bucket& part, std::int64_t index) {
  Ring& ring = rings_[position];
  if (ring.is_open && ring.open.index != index) close(position);
  if (!ring.is_open) {
    ring.open = {index, part.at, part.maximum, {part.minima[0], part.minima[0], part.minima[1], part.minima[2]}};
    ring.is_open = true;
  } else {
    Bucket& whole = ring.open;
    for (std::size_t depth = Bucket::kDepth - 1; depth > 0; --depth)
      whole.minima[depth] = std::max(whole.minima[depth], part.minima[depth - 1]);
    if (part.minima[0] < whole.minima[0]) {
      whole.minima[0] = part.minima[0];
      whole.at = part.at;
    }
    whole.maximum = std::max(whole.maximum, part.maximum);
  }
  // The second half completes the bucket. Waiting for the next bucket to start would delay it by a whole bucket.
  if (part.index % 2 == 1) close(position);
}

double RollingMinimum::highest_before(double seconds, std::size_t ring) const {
  float highest = 0;
  for (std::size_t position = ring; position < rings_.size(); ++position) {
    const Ring& wide = rings_[position];
    const std::size_t depth = std::min(position - ring, Bucket::kDepth - 1);
    for (std::size_t i = 0; i < wide.count; ++i) {
      const Bucket& bucket = wide.at(i);
      if (static_cast<double>(bucket.index + 1) * wide.width_seconds <= seconds)
        highest = std::max(highest, bucket.minima[depth]);
    }
  }
  return static_cast<double>(highest);
}

}  // namespace guard::signal

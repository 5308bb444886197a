#include "guard/signal/floors.h"

#include <algorithm>
#include <cmath>

namespace guard::signal {

namespace {

constexpr std::size_t kMostRings = 26;  // from a quarter of a second to two weeks

}  // namespace

FloorRings::FloorRings(double narrowest_seconds) {
  double width = narrowest_seconds;
  rings_.reserve(kMostRings);
  do {
    rings_.emplace_back().width_seconds = width;
    width *= 2;
  } while (rings_.size() < kMostRings && rings_.back().width_seconds * static_cast<double>(kFloors) < kViewSeconds);
}

std::uint32_t FloorRings::add(double seconds, double bytes) {
  closed_now_ = 0;
  Ring& narrowest = rings_.front();
  const auto index = static_cast<std::int64_t>(seconds / narrowest.width_seconds);
  if (narrowest.is_open && narrowest.open.index != index) close(0);
  const auto value = static_cast<float>(bytes);
  if (!narrowest.is_open) {
    narrowest.open = {index, seconds, value, {value, value, value, value}};
    narrowest.is_open = true;
  } else {
    if (value < narrowest.open.floors[0]) {
      narrowest.open.at = seconds;
      narrowest.open.floors.fill(value);
    }
    narrowest.open.ceiling = std::max(narrowest.open.ceiling, value);
  }
  return closed_now_;
}

void FloorRings::close(std::size_t place) {
  Ring& ring = rings_[place];
  const Floor floor = ring.open;
  ring.is_open = false;
  ring.closed[ring.next] = floor;
  ring.next = (ring.next + 1) % kFloors;
  ring.count = std::min(ring.count + 1, kFloors);
  closed_now_ |= std::uint32_t{1} << place;
  if (place + 1 < rings_.size()) merge(place + 1, floor, floor.index / 2);
}

void FloorRings::merge(std::size_t place, const Floor& part, std::int64_t index) {
  Ring& ring = rings_[place];
  if (ring.is_open && ring.open.index != index) close(place);
  if (!ring.is_open) {
    ring.open = {index, part.at, part.ceiling, {part.floors[0], part.floors[0], part.floors[1], part.floors[2]}};
    ring.is_open = true;
  } else {
    Floor& whole = ring.open;
    for (std::size_t depth = Floor::kDepth - 1; depth > 0; --depth)
      whole.floors[depth] = std::max(whole.floors[depth], part.floors[depth - 1]);
    if (part.floors[0] < whole.floors[0]) {
      whole.floors[0] = part.floors[0];
      whole.at = part.at;
    }
    whole.ceiling = std::max(whole.ceiling, part.ceiling);
  }
  // The second half completes the bucket: waiting for the next one to begin would cost a bucket of time.
  if (part.index % 2 == 1) close(place);
}

double FloorRings::highest_before(double seconds, std::size_t ring) const {
  float highest = 0;
  for (std::size_t place = ring; place < rings_.size(); ++place) {
    const Ring& wide = rings_[place];
    const std::size_t depth = std::min(place - ring, Floor::kDepth - 1);
    for (std::size_t i = 0; i < wide.count; ++i) {
      const Floor& floor = wide.at(i);
      if (static_cast<double>(floor.index + 1) * wide.width_seconds <= seconds)
        highest = std::max(highest, floor.floors[depth]);
    }
  }
  return static_cast<double>(highest);
}

}  // namespace guard::signal

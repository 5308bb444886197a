#include "agent/recording/picture.h"

#include <algorithm>

namespace agent::recording {
namespace {

// Puts `next` into the last stretch, or behind it when that is full.
void append(std::vector<Stretch>& stretches, const Stretch& next, double width) {
  if (stretches.empty() || next.from >= stretches.back().from + width) {
    stretches.push_back(next);
    return;
  }
  Stretch& last = stretches.back();
  last = {last.from, next.until, std::min(last.low, next.low), std::max(last.high, next.high),
          std::max(last.state, next.state)};
}

}  // namespace

void Picture::add(double seconds, double bytes, guard::signal::LeakState state) {
  append(stretches_, {seconds, seconds, bytes, bytes, state}, width_);
  if (stretches_.size() < kMost) return;
  stretches_ = stretches(kMost / 2);
  width_ = (stretches_.back().until - stretches_.front().from) / (kMost / 2.0);
}

std::vector<Stretch> Picture::stretches(std::size_t most) const {
  if (stretches_.size() <= most) return stretches_;
  // Each begins at least a width after the one before, so there are no more than `most`.
  const double width = (stretches_.back().until - stretches_.front().from) / static_cast<double>(most) * 1.000001;
  std::vector<Stretch> coarser;
  for (const Stretch& stretch : stretches_) append(coarser, stretch, width);
  return coarser;
}

}  // namespace agent::recording

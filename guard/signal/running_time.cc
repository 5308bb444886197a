#include "guard/signal/running_time.h"

#include <algorithm>

namespace guard::signal {

void RunningTime::observe(bool is_running, base::SteadyTime now) {
  if (is_running && was_running_) {
    stretches_.back().ended = std::max(stretches_.back().ended, now);
  } else if (is_running) {
    stretches_.push_back({now, now});
    if (stretches_.size() > kMostStretches) {
      const Stretch oldest = stretches_.front();
      stretches_.pop_front();
      stretches_.front().began -= oldest.ended - oldest.began;
    }
  }
  was_running_ = is_running;
}

base::Duration RunningTime::between(base::SteadyTime from, base::SteadyTime until) const {
  base::Duration sum{0};
  for (const Stretch& stretch : stretches_)
    sum += std::max(std::min(stretch.ended, until) - std::max(stretch.began, from), base::Duration(0));
  return sum;
}

}  // namespace guard::signal

#pragma once
// A downsampled series for charts: intervals with minimum and maximum, which get longer as samples arrive. Bounded for
// recordings of any length; keeps every spike and every minimum.

#include <cstddef>
#include <vector>

#include "guard/signal/signals.h"

namespace agent::recording {

struct Stretch {
  double from = 0;  // seconds; time of the first sample
  double until = 0;
  double low = 0;  // bytes
  double high = 0;
  guard::signal::LeakState state = guard::signal::LeakState::unknown;  // the most severe
};

class Picture {
 public:
  static constexpr std::size_t kMost = 2048;

  void add(double seconds, double bytes, guard::signal::LeakState state);
  // REQUIRES: `most` >= 1.
  [[nodiscard]] std::vector<Stretch> stretches(std::size_t most = kMost) const;

 private:
  double width_ = 0;  // seconds in an interval; 0: one for each sample
  std::vector<Stretch> stretches_;
};

}  // namespace agent::recording

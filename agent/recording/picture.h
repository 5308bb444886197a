#pragma once
// A series small enough to be drawn: stretches of time with the lowest and highest value of each, ever longer ones as
// more come in. Bounded, whatever the length of the recording; no spike and no floor is lost.

#include <cstddef>
#include <vector>

#include "guard/signal/signals.h"

namespace agent::recording {

struct Stretch {
  double from = 0;  // seconds; of the first sample in it
  double until = 0;
  double low = 0;  // bytes
  double high = 0;
  guard::signal::LeakState state = guard::signal::LeakState::unknown;  // the gravest within
};

class Picture {
 public:
  static constexpr std::size_t kMost = 2048;

  void add(double seconds, double bytes, guard::signal::LeakState state);
  // `most` at least 1.
  [[nodiscard]] std::vector<Stretch> stretches(std::size_t most = kMost) const;

 private:
  double width_ = 0;  // seconds a stretch covers; 0: each sample is one
  std::vector<Stretch> stretches_;
};

}  // namespace agent::recording

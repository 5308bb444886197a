#pragma once
// Does memory grow, how fast, and is that a leak? Samples fall into buckets of equal length over a sliding window
// and only each bucket's minimum (its floor) is kept: what a garbage collector or a burst adds for a moment is not
// growth. The rate is the Theil–Sen slope of the floors (median over all pairs), which a quarter of wild points
// does not move. At most kBuckets floors are kept; the slope is computed once a bucket, not once a sample.

#include <cstddef>
#include <deque>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/units.h"
#include "guard/sample/reading.h"
#include "guard/signal/signals.h"

namespace guard::signal {

struct Growth {
  Reading<double> bytes_per_second;  // absent until half a window and kLeastFloors floors are known
  bool significant = false;          // more than noise: only then it is projected onto the limit
  LeakState state = LeakState::unknown;
  std::string evidence;  // in words; "" while unknown
};

class GrowthTracker {
 public:
  static constexpr std::size_t kBuckets = 60;     // a bucket is window / 60: 10 s of the default 10 min
  static constexpr std::size_t kLeastFloors = 8;  // fewer points say nothing about noise

  // Takes one sample. `at` must not run backwards; `window` may change between calls (a reload) and then starts anew.
  void add(base::SteadyTime at, base::Bytes value, base::Duration window);

  // As of the last closed bucket; LeakState::unknown before the first sample.
  [[nodiscard]] const Growth& growth() const { return growth_; }

  // A new run of the workload: what the old one used says nothing about it.
  void clear() { *this = GrowthTracker(); }

 private:
  struct Floor {
    base::SteadyTime start;
    base::SteadyTime at;  // of the minimum
    double bytes = 0;
  };
  void close_bucket(base::SteadyTime now);
  void judge(base::SteadyTime now);

  base::Duration window_{0};
  std::deque<Floor> floors_;  // closed buckets, oldest first
  std::optional<Floor> open_;
  std::optional<base::SteadyTime> began_;  // the first sample of this window
  Growth growth_;
};

// Until `used` reaches `limit` at this growth. Duration::max() when it does not grow significantly or the limit is
// unlimited; 0 when it is there already; absent when one of the three is.
Reading<base::Duration> time_to_limit(const Growth& growth, const Reading<base::Bytes>& used,
                                      const Reading<base::Bytes>& limit);

}  // namespace guard::signal

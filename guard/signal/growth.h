#pragma once
// Leak detector: does memory grow, how fast, and is it a leak? The rolling minima of a workload's memory are kept at
// every resolution (rolling_minimum.h). Whenever a bucket closes, the trend over that ring is evaluated (trend.h), so
// that a leak of minutes and one of weeks pass the same tests, each in the ring that fits it. docs/leak-detection.md
// explains the method and each constant. Online: a verdict uses nothing later than the last sample.

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/units.h"
#include "guard/sample/reading.h"
#include "guard/signal/rolling_minimum.h"
#include "guard/signal/signals.h"
#include "guard/signal/trend.h"

namespace guard::signal {

// Why growth is not called a leak, or memory not called growing.
enum class RejectionReason {
  none,
  too_short,  // not observed for long enough
  flat,       // the rise is within the noise
  not_new,    // rises, but not above its earlier level
  stepwise,   // rises in one or two steps instead of continuously
  settling,   // the rise slows down: a warm-up, or a cache that fills
  small,      // continuous, but has used too little of the headroom so far
  noisy,      // continuous, but varies nearly as much as it rises
};

struct Growth {
  LeakState state = LeakState::unknown;
  Reading<double> bytes_per_second;  // of the rolling minimum; absent until half a window and kMinPoints are known
  double low = 0;                    // bytes per second; bounds of the 95 % interval
  double high = 0;
  bool significant = false;  // above the noise; only then it is projected to the limit
  RejectionReason rejection = RejectionReason::too_short;
  double rise = 0;          // bytes above the earlier level, over `span_seconds` and the runs it continues
  double share = 0;         // of the headroom below the limit; of the earlier level when there is no limit
  double span_seconds = 0;  // time that the verdict covers
  double observed_seconds = 0;
  double window_seconds = 0;
  double noise = 0;      // bytes; standard deviation around the line
  double top = 0;        // bytes; expected height of the peaks now; 0 without a verdict
  int earlier_runs = 0;  // preceding runs that ended in the same growth
};

// The verdict of one ring.
struct RingVerdict {
  LeakState state = LeakState::unknown;  // stable, growing or leaking; unknown: too few buckets
  RejectionReason rejection = RejectionReason::too_short;
  Trend trend;
  double end = 0;        // seconds; time of the last minimum
  double base = 0;       // bytes; level before the growth
  double known = 0;      // bytes; highest level before the growth, at least `base`
  double headroom = 0;   // bytes between `base` and the limit; without a limit, the level
  double rise = 0;       // bytes above `known`
  double share = 0;      // of the headroom
  double excess = 0;     // bytes; height of the peaks above the line of the minima
  double length = 0;     // seconds that the buckets cover
  bool carried = false;  // continues the growth of the run before
  double followed = 1;   // time that the line explains, in spans: its own and the time before that it fits
};

class GrowthTracker {
 public:
  // Adds a sample. REQUIRES: `at` is not before the previous sample. `window` is the minimum time before a verdict;
  // when it changes (a reload), the detector starts again. `limit` is the one in force now.
  void add(base::SteadyTime at, base::Bytes value, base::Duration window, base::Bytes limit = base::Bytes::unlimited());

  // The verdict as of the last closed bucket; LeakState::unknown before the first sample.
  [[nodiscard]] const Growth& growth() const { return growth_; }

  // A new run of the same workload: the minima start again, but the level of earlier runs, and whether they ended in
  // growth, is kept. So a leak that is interrupted by restarts is still detected.
  void restart();

  // Another workload or another window: drops everything.
  void clear() { *this = GrowthTracker(); }

  [[nodiscard]] std::size_t size_bytes() const;

 private:
  struct Earlier {       // earlier runs
    double highest = 0;  // bytes; highest level of runs that did not end in growth
    double slope = 0;    // bytes per second; of runs that ended in growth
    double rise = 0;     // bytes; sum over those runs
    int runs = 0;
  };

  void start(base::SteadyTime at, base::Duration window);
  [[nodiscard]] RingVerdict evaluate_ring(std::size_t ring, bool was_leaking) const;
  void evaluate_growth(std::size_t ring, const std::vector<TrendPoint>& points, std::int64_t period, double lowest,
                       bool was_leaking, RingVerdict& verdict) const;
  void measure_rise(std::size_t ring, double lowest, RingVerdict& verdict) const;
  [[nodiscard]] double follow_back(std::size_t ring, const RingVerdict& verdict) const;
  static void measure_height(double height, RingVerdict& verdict);
  void update_between_buckets(std::size_t ring, double now, RingVerdict& verdict) const;
  [[nodiscard]] RejectionReason find_rejection(std::size_t ring, const RingVerdict& verdict, bool was_leaking) const;
  [[nodiscard]] bool continues(std::size_t ring, const RingVerdict& verdict) const;
  void update_growth(double now);
  [[nodiscard]] const RingVerdict* select_verdict(double now) const;

  base::Duration window_{0};
  std::optional<base::SteadyTime> start_;  // first sample of this run
  double limit_ = 0;                       // bytes; infinity: none
  RollingMinimum rings_;
  std::vector<RingVerdict> ring_verdicts_;  // one for each ring
  Earlier earlier_;
  Growth growth_;
  RingVerdict selected_;  // the one behind growth_
};

// The evidence as text: what was observed and why it is, or is not, called a leak; "" while unknown.
std::string describe(const Growth& growth);

// Time until the peaks of memory reach `limit` at this growth. Duration::max() when growth is not significant or the
// limit is unlimited; 0 when the limit is reached; absent when an input is absent.
Reading<base::Duration> time_to_limit(const Growth& growth, const Reading<base::Bytes>& used,
                                      const Reading<base::Bytes>& limit);
// The same at another rate: `growth.high` gives the earliest time, `growth.low` the latest.
Reading<base::Duration> time_to_limit_at(double bytes_per_second, const Growth& growth,
                                         const Reading<base::Bytes>& used, const Reading<base::Bytes>& limit);

}  // namespace guard::signal

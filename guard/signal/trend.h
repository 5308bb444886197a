#pragma once
// Robust statistics for the leak detector: pure functions of a few bucket minima. The slope is the Theil–Sen estimator
// (1950, 1968), the median over all pairs; over several days only pairs of the same hour are compared (seasonal Kendall
// slope, Hirsch 1982). The standard error uses the effective sample size of autocorrelated points (Santer 2000).

#include <cstddef>
#include <cstdint>
#include <vector>

#include "guard/signal/rolling_minimum.h"

namespace guard::signal {

struct TrendPoint {
  std::int64_t index = 0;  // of the bucket
  double seconds = 0;
  double bytes = 0;
};

struct Trend {
  double slope = 0;         // bytes per second
  double error = 0;         // standard error of the slope
  double noise = 0;         // bytes; standard deviation of the points around the line
  double span = 0;          // seconds from the first point to the last
  double line_end = 0;      // bytes; the line at the last point
  double early = 0;         // bytes per second; slope of the first half
  double late = 0;          // slope of the second half
  double swing = 0;         // bytes; amplitude of the daily cycle above its median, when there is one
  double largest_step = 0;  // bytes; largest increase between neighbours
  int rising_quarters = 0;  // of 4: quarters whose second half is above the first
  bool rises_at_end = false;

  [[nodiscard]] double rise() const { return slope * span; }
  [[nodiscard]] double line_at(double seconds_from_end) const { return line_end + slope * seconds_from_end; }
};

// REQUIRES: at least four points in order of time. `period`: number of buckets in a day, to compare only points of the
// same hour; 0: compare all.
Trend fit_trend(std::vector<TrendPoint> points, std::int64_t period);

inline constexpr std::size_t kMinPoints = 8;  // with fewer points the noise is unknown

// The minima of the ring within its length; empty when too few of its buckets were observed, since a narrower ring is
// then more accurate.
std::vector<TrendPoint> points_of(const RollingMinimum::Ring& ring);

// Bytes. REQUIRES: `points` is not empty.
double lowest_of(const std::vector<TrendPoint>& points);

// A cheap test before the fit, for flat memory: the lowest minimum of the last third must be above that of the first
// third by `min_rise` (bytes) and by more than the mean difference of neighbours. Sets an approximate slope and span in
// `trend`. REQUIRES: kMinPoints points.
bool may_grow(const std::vector<TrendPoint>& points, double min_rise, Trend& trend);

// Removes the points before the onset of the growth. `lowest` is lowest_of(points).
void cut_before_onset(std::vector<TrendPoint>& points, double lowest);

}  // namespace guard::signal

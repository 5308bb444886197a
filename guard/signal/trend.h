#pragma once
// The robust statistics that a growth verdict rests on: pure functions of a handful of floors. The slope is Theil's
// and Sen's (1950, 1968), the median over pairs; with a daily cycle in view only pairs of the same hour are compared
// (Hirsch 1982). The interval around it counts neighbours that resemble each other as fewer points, after Santer
// (2000): memory that wanders is not evidence for each sample anew.

#include <cstddef>
#include <cstdint>
#include <vector>

namespace guard::signal {

struct TrendPoint {
  std::int64_t index = 0;  // of the bucket
  double seconds = 0;
  double bytes = 0;
};

struct Trend {
  double slope = 0;         // bytes per second
  double error = 0;         // standard error of the slope
  double noise = 0;         // bytes; spread of the points around the line, as a standard deviation
  double span = 0;          // seconds from the first point to the last
  double line_end = 0;      // bytes; the line at the last point
  double early = 0;         // bytes per second; the slope of the first half alone
  double late = 0;          // and of the second half
  double swing = 0;         // bytes; how far the daily cycle stands above its middle, when there is one
  double largest_step = 0;  // bytes; the most that one point lies above the one before
  int rising_quarters = 0;  // of 4: whose later half lies higher than its first
  bool rises_at_end = false;

  [[nodiscard]] double rise() const { return slope * span; }
  [[nodiscard]] double line_at(double seconds_from_end) const { return line_end + slope * seconds_from_end; }
};

// `points` are in order of time, four at least. `period` is the number of buckets in a day when points of the same
// hour are to be compared, else 0.
Trend fit_trend(std::vector<TrendPoint> points, std::int64_t period);

}  // namespace guard::signal

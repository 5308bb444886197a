#include "guard/signal/trend.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

namespace guard::signal {

namespace {

using Points = std::vector<TrendPoint>;

constexpr double kSpreadOfMedianDeviation = 1.4826;  // a normal distribution's standard deviation over its MAD
constexpr double kTheilSenInefficiency = 1.05;       // its error over the least-squares line's, for normal noise

// The upper middle value; `values` is reordered and must not be empty.
double median(std::vector<double>& values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

// Slope of the points [first, last); 0 when no pair is comparable.
double slope_of(const Points& points, std::size_t first, std::size_t last, std::int64_t period) {
  std::vector<double> slopes;
  slopes.reserve((last - first) * (last - first) / 2);
  for (std::size_t i = first; i < last; ++i) {
    for (std::size_t j = i + 1; j < last; ++j) {
      if (period > 0 && (points[j].index - points[i].index) % period != 0) continue;
      slopes.push_back((points[j].bytes - points[i].bytes) / (points[j].seconds - points[i].seconds));
    }
  }
  return slopes.empty() ? 0 : median(slopes);
}

// Removes the daily cycle, measured around the line, from the points; returns its amplitude.
double remove_cycle(Points& points, double slope, std::int64_t period) {
  std::vector<double> offsets;
  std::vector<double> removed(points.size());
  for (std::int64_t phase = 0; phase < period; ++phase) {
    offsets.clear();
    for (const auto& point : points)
      if (point.index % period == phase) offsets.push_back(point.bytes - slope * point.seconds);
    if (offsets.empty()) continue;
    const double offset = median(offsets);
    for (std::size_t i = 0; i < points.size(); ++i)
      if (points[i].index % period == phase) removed[i] = offset;
  }
  std::vector<double> copy = removed;
  const double level = median(copy);
  for (std::size_t i = 0; i < points.size(); ++i) points[i].bytes -= removed[i] - level;
  return *std::max_element(removed.begin(), removed.end()) - level;
}

struct Scatter {
  double middle = 0;  // height of the line at 0 seconds
  double spread = 0;
  double autocorrelation = 0;  // autocorrelation of neighbours, 0 to 0.9
};

Scatter scatter_around(const Points& points, double slope) {
  std::vector<double> residuals;
  residuals.reserve(points.size());
  for (const auto& point : points) residuals.push_back(point.bytes - slope * point.seconds);
  std::vector<double> sorted = residuals;
  Scatter scatter;
  scatter.middle = median(sorted);
  for (std::size_t i = 0; i < residuals.size(); ++i) sorted[i] = std::fabs(residuals[i] -= scatter.middle);
  scatter.spread = kSpreadOfMedianDeviation * median(sorted);
  double neighbours = 0;
  double squares = std::numeric_limits<double>::min();
  for (std::size_t i = 0; i < residuals.size(); ++i) {
    squares += residuals[i] * residuals[i];
    if (i > 0) neighbours += residuals[i] * residuals[i - 1];
  }
  scatter.autocorrelation = std::clamp(neighbours / squares, 0.0, 0.9);
  return scatter;
}

double error_of_slope(const Points& points, const Scatter& scatter) {
  const auto count = static_cast<double>(points.size());
  double mean = 0;
  for (const auto& point : points) mean += point.seconds / count;
  double squares = 0;
  for (const auto& point : points) squares += (point.seconds - mean) * (point.seconds - mean);
  const double effective = (1 - scatter.autocorrelation) / (1 + scatter.autocorrelation);
  return kTheilSenInefficiency * scatter.spread / std::sqrt(squares * effective);
}

void measure_shape(const Points& points, Trend& trend) {
  constexpr std::size_t kEighths = 8;
  std::array<double, kEighths> lowest;
  lowest.fill(std::numeric_limits<double>::infinity());
  for (std::size_t i = 0; i < points.size(); ++i) {
    if (i > 0) trend.largest_step = std::max(trend.largest_step, points[i].bytes - points[i - 1].bytes);
    double& low = lowest[i * kEighths / points.size()];
    low = std::min(low, points[i].bytes);
  }
  for (std::size_t i = 0; i < kEighths; i += 2) trend.rising_quarters += lowest[i + 1] > lowest[i] ? 1 : 0;
  trend.rises_at_end = std::min(lowest[6], lowest[7]) > std::min(lowest[4], lowest[5]);
}

constexpr double kMinCover = 2.0 / 3;  // share of the ring's buckets that must have been observed
constexpr double kOnsetPart = 0.1;     // of the rise: the onset is where memory was last below this

}  // namespace

Trend fit_trend(std::vector<TrendPoint> points, std::int64_t period) {
  Trend trend;
  const double end = points.back().seconds;
  trend.span = end - points.front().seconds;
  for (auto& point : points) point.seconds -= end;
  trend.slope = slope_of(points, 0, points.size(), period);
  const auto cycle = static_cast<std::size_t>(period);
  const std::size_t half = (points.size() - std::min(cycle, points.size())) / 2;
  trend.early = slope_of(points, 0, half + cycle, period);
  trend.late = slope_of(points, half, points.size(), period);
  if (period > 0) trend.swing = remove_cycle(points, trend.slope, period);
  const Scatter scatter = scatter_around(points, trend.slope);
  trend.line_end = scatter.middle;
  trend.noise = scatter.spread;
  trend.error = error_of_slope(points, scatter);
  measure_shape(points, trend);
  return trend;
}

std::vector<TrendPoint> points_of(const RollingMinimum::Ring& ring) {
  std::vector<TrendPoint> points;
  if (ring.count < kMinPoints) return points;
  constexpr auto kLength = static_cast<std::int64_t>(RollingMinimum::kBuckets);
  const std::int64_t last = ring.at(ring.count - 1).index;
  std::size_t first = 0;
  while (last - ring.at(first).index >= kLength) ++first;
  const auto covered = static_cast<double>(last - ring.at(first).index + 1);
  if (ring.count - first < kMinPoints || covered < kMinCover * static_cast<double>(kLength)) return points;
  points.reserve(RollingMinimum::kBuckets);
  for (std::size_t i = first; i < ring.count; ++i)
    points.push_back({ring.at(i).index, ring.at(i).at, ring.at(i).bytes()});
  return points;
}

bool may_grow(const std::vector<TrendPoint>& points, double min_rise, Trend& trend) {
  const std::size_t third = points.size() / 3;
  const auto lower = [](const TrendPoint& a, const TrendPoint& b) { return a.bytes < b.bytes; };
  const auto early = std::min_element(points.begin(), points.begin() + static_cast<std::ptrdiff_t>(third), lower);
  const auto late = std::min_element(points.end() - static_cast<std::ptrdiff_t>(third), points.end(), lower);
  double differences = 0;
  for (std::size_t i = 1; i < points.size(); ++i) differences += std::fabs(points[i].bytes - points[i - 1].bytes);
  const double rise = late->bytes - early->bytes;
  trend.slope = rise / (late->seconds - early->seconds);
  trend.span = points.back().seconds - points.front().seconds;
  trend.noise = differences / static_cast<double>(points.size() - 1);
  trend.line_end = points.back().bytes;
  return rise > std::max(min_rise, trend.noise);
}

double lowest_of(const std::vector<TrendPoint>& points) {
  double lowest = points.front().bytes;
  for (const auto& point : points) lowest = std::min(lowest, point.bytes);
  return lowest;
}

void cut_before_onset(std::vector<TrendPoint>& points, double lowest) {
  const auto end = points.end();
  const double now = std::min({(end - 1)->bytes, (end - 2)->bytes, (end - 3)->bytes});
  const double onset = lowest + kOnsetPart * (now - lowest);
  const auto last_low =
      std::find_if(points.rbegin(), points.rend(), [&](const TrendPoint& point) { return point.bytes <= onset; });
  if (last_low != points.rend()) points.erase(points.begin(), last_low.base() - 1);
}

}  // namespace guard::signal

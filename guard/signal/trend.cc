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

// Over the points [first, last). 0 when no pair may be compared.
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

// Takes from each point what its hour of the day adds, measured around the line; returns the most that one adds.
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
  double middle = 0;  // the line's height where seconds are 0
  double spread = 0;
  double likeness = 0;  // correlation of neighbours, 0 to 0.9
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
  scatter.likeness = std::clamp(neighbours / squares, 0.0, 0.9);
  return scatter;
}

double error_of_slope(const Points& points, const Scatter& scatter) {
  const auto count = static_cast<double>(points.size());
  double mean = 0;
  for (const auto& point : points) mean += point.seconds / count;
  double squares = 0;
  for (const auto& point : points) squares += (point.seconds - mean) * (point.seconds - mean);
  const double effective = (1 - scatter.likeness) / (1 + scatter.likeness);
  return kTheilSenInefficiency * scatter.spread / std::sqrt(squares * effective);
}

void look_at_shape(const Points& points, Trend& trend) {
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
  look_at_shape(points, trend);
  return trend;
}

}  // namespace guard::signal

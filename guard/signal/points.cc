#include "guard/signal/points.h"

#include <algorithm>
#include <cmath>

namespace guard::signal {

namespace {

constexpr double kLeastCover = 2.0 / 3;  // of a ring's buckets that must have been watched
constexpr double kOnsetPart = 0.1;       // of the rise: where memory last stood this low, growth began

}  // namespace

std::vector<TrendPoint> points_of(const FloorRings::Ring& ring) {
  std::vector<TrendPoint> points;
  if (ring.count < kLeastFloors) return points;
  constexpr auto kLength = static_cast<std::int64_t>(FloorRings::kFloors);
  const std::int64_t last = ring.at(ring.count - 1).index;
  std::size_t first = 0;
  while (last - ring.at(first).index >= kLength) ++first;
  const auto covered = static_cast<double>(last - ring.at(first).index + 1);
  if (ring.count - first < kLeastFloors || covered < kLeastCover * static_cast<double>(kLength)) return points;
  points.reserve(FloorRings::kFloors);
  for (std::size_t i = first; i < ring.count; ++i)
    points.push_back({ring.at(i).index, ring.at(i).at, ring.at(i).bytes()});
  return points;
}

bool may_grow(const std::vector<TrendPoint>& points, double least_rise, Trend& trend) {
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
  return rise > std::max(least_rise, trend.noise);
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

#include "guard/signal/growth.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

namespace guard::signal {

namespace {

struct Point {
  double seconds = 0;  // since the window began
  double bytes = 0;
};

// A rise counts as growth when it exceeds all three: allocators round up to arenas of this order, counters are kept
// per CPU and flushed in batches, and every real workload breathes.
constexpr double kLeastRiseBytes = 1 << 20;
constexpr double kLeastRisePart = 0.005;  // of the middle floor
constexpr double kNoiseMultiple = 4;      // times the residuals' spread
constexpr int kQuarters = 4;
constexpr int kRisingQuarters = 3;  // one quarter may stand still: a leak that pauses is a leak

// Middle value; the upper one of two. `values` is reordered and must not be empty.
double median(std::vector<double>& values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

// Theil 1950, Sen 1968: the median of the slopes between all pairs. In bytes per second; needs two points.
double slope_of(const std::vector<Point>& points) {
  std::vector<double> slopes;
  slopes.reserve(points.size() * (points.size() - 1) / 2);
  for (std::size_t i = 0; i < points.size(); ++i) {
    for (std::size_t j = i + 1; j < points.size(); ++j)
      slopes.push_back((points[j].bytes - points[i].bytes) / (points[j].seconds - points[i].seconds));
  }
  return median(slopes);
}

// Spread of the points around the line, as a standard deviation: 1.4826 times the median absolute residual.
double noise_of(const std::vector<Point>& points, double slope) {
  std::vector<double> residuals;
  residuals.reserve(points.size());
  for (const auto& point : points) residuals.push_back(point.bytes - slope * point.seconds);
  const double intercept = median(residuals);
  for (auto& residual : residuals) residual = std::fabs(residual - intercept);
  return 1.4826 * median(residuals);
}

double middle_bytes(const std::vector<Point>& points) {
  std::vector<double> bytes;
  bytes.reserve(points.size());
  for (const auto& point : points) bytes.push_back(point.bytes);
  return median(bytes);
}

// How many quarters of the window have a higher floor in their second half than in their first. A single step fills
// one quarter only, a sawtooth falls in the one where it is cut.
int count_rising_quarters(const std::vector<Point>& points, double window_seconds) {
  std::array<std::optional<double>, 2 * kQuarters> floors;
  for (const auto& point : points) {
    const auto eighth = static_cast<std::size_t>(point.seconds / window_seconds * static_cast<double>(floors.size()));
    auto& floor = floors[std::min(eighth, floors.size() - 1)];
    floor = std::min(floor.value_or(point.bytes), point.bytes);
  }
  int rising = 0;
  for (std::size_t i = 0; i < floors.size(); i += 2) {
    if (floors[i] && floors[i + 1] && *floors[i + 1] > *floors[i]) ++rising;
  }
  return rising;
}

std::string in_words(double bytes) { return base::format_bytes({std::llround(bytes)}); }

}  // namespace

void GrowthTracker::add(base::SteadyTime at, base::Bytes value, base::Duration window) {
  if (window != window_) {
    clear();
    window_ = window;
  }
  if (!began_) began_ = at;
  const auto bytes = static_cast<double>(value.count);
  if (open_ && at - open_->start >= window_ / static_cast<std::int64_t>(kBuckets)) close_bucket(at);
  if (!open_) {
    open_ = Floor{at, at, bytes};
  } else if (bytes < open_->bytes) {
    open_->at = at;
    open_->bytes = bytes;
  }
  if (growth_.state == LeakState::unknown) judge(at);
}

void GrowthTracker::close_bucket(base::SteadyTime now) {
  floors_.push_back(*open_);
  open_.reset();
  while (!floors_.empty() && (now - floors_.front().start > window_ || floors_.size() > kBuckets)) floors_.pop_front();
  judge(now);
}

void GrowthTracker::judge(base::SteadyTime now) {
  const auto watched = now - *began_;
  growth_ = Growth{};
  growth_.state = LeakState::warming_up;
  growth_.evidence =
      watched < window_
          ? "watched for " + base::format_duration(watched) + " of the " + base::format_duration(window_) + " needed"
          : "only " + std::to_string(floors_.size()) + " readings within " + base::format_duration(window_);
  if (watched < window_ / 2 || floors_.size() < kLeastFloors) {
    growth_.bytes_per_second = Reading<double>::absent(growth_.evidence);
    return;
  }

  std::vector<Point> points;
  points.reserve(floors_.size());
  const auto window_start = now - window_;
  for (const auto& floor : floors_) points.push_back({base::to_seconds(floor.at - window_start), floor.bytes});
  const double slope = slope_of(points);
  const double noise = noise_of(points, slope);
  const double rise = slope * (points.back().seconds - points.front().seconds);
  growth_.bytes_per_second = slope;
  growth_.significant =
      rise > std::max({kLeastRiseBytes, kLeastRisePart * middle_bytes(points), kNoiseMultiple * noise});
  if (watched < window_) return;

  const int rising = count_rising_quarters(points, base::to_seconds(window_));
  growth_.state = LeakState::stable;
  if (growth_.significant) growth_.state = rising >= kRisingQuarters ? LeakState::leaking : LeakState::growing;
  growth_.evidence = "the memory floor changed by " + in_words(rise) + " within " + base::format_duration(window_) +
                     " (" + in_words(slope * 3600) + " an hour), rising in " + std::to_string(rising) + " of " +
                     std::to_string(kQuarters) + " quarters, with noise of " + in_words(noise);
}

Reading<base::Duration> time_to_limit(const Growth& growth, const Reading<base::Bytes>& used,
                                      const Reading<base::Bytes>& limit) {
  if (!growth.bytes_per_second) return Reading<base::Duration>::absent(growth.bytes_per_second.reason());
  if (!used) return Reading<base::Duration>::absent(used.reason());
  if (!limit) return Reading<base::Duration>::absent(limit.reason());
  // What fills a cache or warms up grows fast for a while: before a whole window has been seen, growth is no forecast.
  if (growth.state == LeakState::unknown || growth.state == LeakState::warming_up) {
    return Reading<base::Duration>::absent("warming up: a whole window has not been watched yet");
  }
  if (!growth.significant || limit->is_unlimited()) return base::Duration::max();
  if (*used >= *limit) return base::Duration::zero();
  const double seconds = static_cast<double>((*limit - *used).count) / *growth.bytes_per_second;
  // A year and more is no forecast, and a long one would not fit into nanoseconds.
  constexpr double kYearSeconds = 365.0 * 86400;
  if (seconds > kYearSeconds) return base::Duration::max();
  return base::from_seconds(seconds);
}

}  // namespace guard::signal

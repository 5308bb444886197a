#include "chatcore/concurrency_limiter.h"

#include <algorithm>

namespace chatcore {
namespace {

// A window lowers the limit by at most a half, and raises it by an eighth: multiplicative decrease, careful increase.
constexpr double kSharpestCut = 0.5;
constexpr std::size_t kGrowthPart = 8;
constexpr double kCrowdCut = 0.5;
// Weight of the median of a window without load in the usual time.
constexpr double kLearning = 0.1;

}  // namespace

ConcurrencyLimiter::ConcurrencyLimiter(ConcurrencyLimiterOptions options) : options_(options), limit_(options.first) {}

void ConcurrencyLimiter::record(base::SteadyTime now, base::Duration took, std::size_t at_work, Kind kind) {
  Window& window = windows_[place_of(kind)];
  if (window.count == 0) window.began = now;
  window.samples[window.count % kSamples] = took;
  ++window.count;
  window.most_at_work = std::max(window.most_at_work, at_work);
  if (window.count < kFewest || now - window.began < options_.window) return;
  const auto filled = static_cast<std::ptrdiff_t>(std::min(window.count, kSamples));
  const auto middle = window.samples.begin() + filled / 2;
  std::nth_element(window.samples.begin(), middle, window.samples.begin() + filled);
  judge(window, *middle);
  window.count = 0;
  window.most_at_work = 0;
}

void ConcurrencyLimiter::record_lag(base::Duration lag, bool refusing) {
  high_lags_ = refusing && lag > options_.max_lag ? high_lags_ + 1 : 0;
  if (high_lags_ < kStanding) return;
  const auto lower = static_cast<std::size_t>(kCrowdCut * static_cast<double>(limit_));
  limit_ = std::min(limit_, std::max(options_.least_in_crowd, lower));
}

void ConcurrencyLimiter::judge(Window& window, base::Duration median) {
  // A single turn waits for no other, however low the limit. A limit that was not reached says nothing about a higher
  // one.
  const bool is_quiet = window.most_at_work * 2 < limit_ || window.most_at_work <= 1;
  if (window.usual.count() == 0 || median < window.usual) {
    window.usual = median;
  } else if (is_quiet) {
    window.usual +=
        base::Duration(static_cast<std::int64_t>(kLearning * static_cast<double>((median - window.usual).count())));
  }
  const base::Duration allowed = std::max(
      options_.target,
      base::Duration(static_cast<std::int64_t>(options_.tolerance * static_cast<double>(window.usual.count()))));
  if (median > allowed) {
    const double part = std::max(kSharpestCut, base::to_seconds(allowed) / base::to_seconds(median));
    const std::size_t lower = std::max(options_.least, static_cast<std::size_t>(part * static_cast<double>(limit_)));
    limit_ = std::min(limit_, lower);
  } else if ((window.most_at_work >= limit_ || limit_ < options_.least) && high_lags_ == 0) {
    limit_ = std::min(options_.most, limit_ + std::max<std::size_t>(1, limit_ / kGrowthPart));
  }
}

}  // namespace chatcore

#include "chatcore/pace.h"

#include <algorithm>

namespace chatcore {
namespace {

// A window halves the limit at most, and adds an eighth: back off fast, come back carefully.
constexpr double kSharpestCut = 0.5;
constexpr std::size_t kGrowthPart = 8;
constexpr double kCrowdCut = 0.5;
// How much of a quiet window's median goes into what is usual.
constexpr double kLearning = 0.1;

}  // namespace

Pace::Pace(PaceOptions options) : options_(options), limit_(options.first) {}

void Pace::begun(base::SteadyTime now, base::Duration took, std::size_t at_work) {
  if (count_ == 0) window_began_ = now;
  samples_[count_ % kSamples] = took;
  ++count_;
  most_at_work_ = std::max(most_at_work_, at_work);
  if (count_ < kFewest || now - window_began_ < options_.window) return;
  const auto filled = static_cast<std::ptrdiff_t>(std::min(count_, kSamples));
  const auto middle = samples_.begin() + filled / 2;
  std::nth_element(samples_.begin(), middle, samples_.begin() + filled);
  judge(*middle);
  count_ = 0;
  most_at_work_ = 0;
}

void Pace::looked(base::Duration late, bool refusing) {
  late_looks_ = refusing && late > options_.lateness ? late_looks_ + 1 : 0;
  if (late_looks_ < kStanding) return;
  const auto lower = static_cast<std::size_t>(kCrowdCut * static_cast<double>(limit_));
  limit_ = std::min(limit_, std::max(options_.least_in_crowd, lower));
}

void Pace::judge(base::Duration median) {
  const bool is_quiet = most_at_work_ * 2 < limit_;  // and a limit that nobody met says nothing of a higher one
  if (usual_.count() == 0 || median < usual_) {
    usual_ = median;
  } else if (is_quiet) {
    usual_ += base::Duration(static_cast<std::int64_t>(kLearning * static_cast<double>((median - usual_).count())));
  }
  const base::Duration allowed =
      std::max(options_.target,
               base::Duration(static_cast<std::int64_t>(options_.tolerance * static_cast<double>(usual_.count()))));
  if (median > allowed) {
    const double part = std::max(kSharpestCut, base::to_seconds(allowed) / base::to_seconds(median));
    const std::size_t lower = std::max(options_.least, static_cast<std::size_t>(part * static_cast<double>(limit_)));
    limit_ = std::min(limit_, lower);
  } else if ((most_at_work_ >= limit_ || limit_ < options_.least) && late_looks_ == 0) {
    limit_ = std::min(options_.most, limit_ + std::max<std::size_t>(1, limit_ / kGrowthPart));
  }
}

}  // namespace chatcore

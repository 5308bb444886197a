#include "guard/signal/growth.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "guard/signal/parameters.h"

namespace guard::signal {

namespace {

constexpr double kInterval = 2;  // standard errors to either side: 95 %

// Bucket widths are a day divided by powers of two, so that a whole number of them fits into a day.
double narrowest_width(base::Duration window) {
  constexpr double kShortestWindowPart = 16;
  constexpr double kMinBuckets = 16;  // in a ring that is two thirds full
  const double wanted = base::to_seconds(window) / kShortestWindowPart / kMinBuckets;
  const double halvings = std::clamp(std::ceil(std::log2(kDaySeconds / wanted)), 0.0, 19.0);
  return kDaySeconds / std::exp2(halvings);
}

int rank(const RingVerdict& verdict) { return static_cast<int>(verdict.state); }

// The more severe verdict, then the one over a longer span.
bool is_better(const RingVerdict& a, const RingVerdict& b) {
  if (a.state != b.state) return rank(a) > rank(b);
  return a.trend.span > b.trend.span;
}

// The ninth decile of the height of the buckets' peaks above the line of the minima.
double excess_of(const RollingMinimum::Ring& ring, const RingVerdict& verdict) {
  std::array<double, RollingMinimum::kBuckets> above{};
  std::size_t count = 0;
  for (std::size_t i = 0; i < ring.count; ++i) {
    const Bucket& bucket = ring.at(i);
    if (bucket.at < verdict.end - verdict.trend.span) continue;
    // Compared with the line at the end of the bucket, since the line rises within the bucket.
    const double until = static_cast<double>(bucket.index + 1) * ring.width_seconds;
    above[count++] = static_cast<double>(bucket.maximum) - verdict.trend.line_at(until - verdict.end);
  }
  const auto ninth = above.begin() + static_cast<std::ptrdiff_t>(count * 9 / 10);
  std::nth_element(above.begin(), ninth, above.begin() + static_cast<std::ptrdiff_t>(count));
  return std::max(*ninth, 0.0);
}

std::string format_size(double bytes) { return base::format_bytes({std::llround(bytes)}); }
std::string format_seconds(double seconds) { return base::format_duration(base::from_seconds(std::round(seconds))); }
std::string per_hour(double bytes_per_second) { return format_size(bytes_per_second * 3600) + "/h"; }

std::string reason_of(const Growth& growth) {
  const std::string share = std::to_string(std::lround(growth.share * 100)) + "% of the headroom";
  switch (growth.rejection) {
    case RejectionReason::none:
      return "continuous growth that has used " + share + ", not a cycle, a step or a sawtooth";
    case RejectionReason::too_short: return "not observed for long enough";
    case RejectionReason::flat: return "within its noise of " + format_size(growth.noise);
    case RejectionReason::not_new: return "not above its earlier level";
    case RejectionReason::stepwise: return "in steps, not continuous";
    case RejectionReason::settling: return "slowing down: a warm-up, or a cache that fills";
    case RejectionReason::small: return "only " + share + " used so far";
    case RejectionReason::noisy: return "it varies by " + format_size(growth.noise) + ", nearly as much as it rises";
  }
  return {};
}

}  // namespace

void GrowthTracker::start(base::SteadyTime at, base::Duration window) {
  start_ = at;
  window_ = window;
  rings_ = RollingMinimum(narrowest_width(window));
  ring_verdicts_.assign(rings_.rings().size(), {});
  growth_ = Growth{};
  selected_ = RingVerdict{};
}

void GrowthTracker::add(base::SteadyTime at, base::Bytes value, base::Duration window, base::Bytes limit) {
  if (start_ && window != window_) clear();
  if (!start_) start(at, window);
  limit_ = limit.is_unlimited() ? std::numeric_limits<double>::infinity() : static_cast<double>(limit.count);
  const double now = base::to_seconds(at - *start_);
  const std::uint32_t closed = rings_.add(now, static_cast<double>(value.count));
  for (std::size_t ring = 0; ring < ring_verdicts_.size(); ++ring) {
    RingVerdict& verdict = ring_verdicts_[ring];
    if ((closed >> ring & 1U) != 0)
      verdict = evaluate_ring(ring, verdict.state == LeakState::leaking);
    else if (closed != 0 && verdict.rejection == RejectionReason::small)
      update_between_buckets(ring, now, verdict);
  }
  if (closed != 0 || growth_.state == LeakState::unknown) update_growth(now);
  if (selected_.state != LeakState::unknown)
    growth_.top = selected_.trend.line_at(now - selected_.end) + selected_.excess;
}

RingVerdict GrowthTracker::evaluate_ring(std::size_t place, bool was_leaking) const {
  const RollingMinimum::Ring& ring = rings_.rings()[place];
  RingVerdict verdict;
  std::vector<TrendPoint> points = points_of(ring);
  if (points.empty()) return verdict;
  const auto covered = static_cast<double>(points.back().index - points.front().index + 1);
  verdict.length = covered * ring.width_seconds;
  verdict.end = points.back().seconds;
  std::int64_t period = 0;
  if (ring.width_seconds >= kCycleWidthSeconds) {
    period = std::llround(kDaySeconds / ring.width_seconds);
    if (static_cast<std::int64_t>(covered) < kMinDays * period) period = 0;
  }
  verdict.state = LeakState::stable;
  verdict.rejection = RejectionReason::flat;
  const double lowest = lowest_of(points);
  if (!may_grow(points, min_rise(lowest), verdict.trend)) return verdict;
  if (period == 0) cut_before_onset(points, lowest);
  verdict.rejection = RejectionReason::stepwise;
  if (points.size() < kMinPoints) return verdict;
  evaluate_growth(place, points, period, lowest, was_leaking, verdict);
  return verdict;
}

void GrowthTracker::evaluate_growth(std::size_t place, const std::vector<TrendPoint>& points, std::int64_t period,
                                    double lowest, bool was_leaking, RingVerdict& verdict) const {
  verdict.trend = fit_trend(points, period);
  verdict.excess = excess_of(rings_.rings()[place], verdict);
  measure_rise(place, lowest, verdict);
  const Trend& trend = verdict.trend;
  verdict.state = LeakState::stable;
  verdict.rejection = RejectionReason::stepwise;
  if (trend.slope <= kErrorsAboveZero * trend.error ||
      trend.rise() <= std::max(min_rise(lowest), kGrowthOverNoise * trend.noise)) {
    verdict.rejection = RejectionReason::flat;
  } else if (std::min(verdict.rise, points.back().bytes + trend.noise + trend.swing - verdict.known) <=
             min_rise(lowest)) {
    // The line overshoots where growth bends, so a reading above the earlier level is required as well.
    verdict.rejection = RejectionReason::not_new;
  } else if (trend.rising_quarters >= kRisingQuarters - 1) {
    verdict.rejection = find_rejection(place, verdict, was_leaking);
    verdict.state = verdict.rejection == RejectionReason::none ? LeakState::leaking : LeakState::growing;
  }
}

// The ring verdict to report; null while no ring has enough buckets. Before a whole window it gives only a rate, unless
// a leak is fast.
const RingVerdict* GrowthTracker::select_verdict(double now) const {
  const RingVerdict* best = nullptr;
  const double window = base::to_seconds(window_);
  for (const auto& verdict : ring_verdicts_) {
    if (verdict.state == LeakState::unknown) continue;
    const bool leaks = verdict.state == LeakState::leaking;
    const bool is_long_enough = verdict.length >= (now < window ? 0.4 : kMinWindowPart) * window;
    if (!leaks && (now < window / 2 || !is_long_enough)) continue;
    // Of stable verdicts the longest wins: the slope over a few minutes of fluctuation is no rate.
    const bool is_calm = verdict.state == LeakState::stable;
    if (best == nullptr || (is_calm ? best->state == LeakState::stable : is_better(verdict, *best))) best = &verdict;
  }
  return best;
}

void GrowthTracker::update_growth(double now) {
  const RingVerdict* best = select_verdict(now);
  growth_ = Growth{};
  growth_.window_seconds = base::to_seconds(window_);
  growth_.observed_seconds = now;
  growth_.earlier_runs = earlier_.runs;
  growth_.state = LeakState::warming_up;
  selected_ = best != nullptr ? *best : RingVerdict{};
  if (best == nullptr) {
    growth_.bytes_per_second = Reading<double>::absent(describe(growth_));
    return;
  }
  growth_.bytes_per_second = best->trend.slope;
  if (now < growth_.window_seconds && best->state != LeakState::leaking) return;
  growth_.state = best->state;
  growth_.rejection = best->rejection;
  // Growth that slows down since the start of the run is a warm-up.
  if (best->rejection == RejectionReason::settling && best->end - best->trend.span <= best->trend.span / 2)
    growth_.state = LeakState::warming_up;
  growth_.significant = best->state == LeakState::growing || best->state == LeakState::leaking;
  growth_.low = best->trend.slope - kInterval * best->trend.error;
  growth_.high = best->trend.slope + kInterval * best->trend.error;
  growth_.rise = best->rise;
  growth_.share = best->share;
  growth_.span_seconds = best->trend.span;
  growth_.noise = best->trend.noise;
}

void GrowthTracker::restart() {
  const bool judged = selected_.state != LeakState::unknown;
  const bool ended_growing = growth_.state == LeakState::leaking ||
                             (growth_.state == LeakState::growing && selected_.rejection == RejectionReason::small);
  if (ended_growing) {
    earlier_ = {earlier_.highest, selected_.trend.slope, selected_.rise, earlier_.runs + 1};
  } else if (judged) {
    earlier_ = {std::max(earlier_.highest, rings_.highest_before(std::numeric_limits<double>::infinity(), 0)), 0, 0, 0};
  }
  start_.reset();
  growth_ = Growth{};
  selected_ = RingVerdict{};
}

std::size_t GrowthTracker::size_bytes() const {
  return sizeof(*this) - sizeof(rings_) + rings_.size_bytes() + ring_verdicts_.capacity() * sizeof(RingVerdict);
}

void GrowthTracker::measure_rise(std::size_t place, double lowest, RingVerdict& verdict) const {
  const Trend& trend = verdict.trend;
  const RollingMinimum::Ring& ring = rings_.rings()[place];
  const double level = lowest + trend.noise;  // the lowest of noisy minima lies below their line
  double began = verdict.end - trend.span;
  verdict.carried =
      earlier_.runs > 0 && trend.slope < kSameSlope * earlier_.slope && trend.slope * kSameSlope > earlier_.slope;
  if (verdict.carried) {
    verdict.base = verdict.known = level - earlier_.rise;
  } else {
    began = follow_back(place, verdict);
    verdict.base = std::clamp(trend.line_at(began - verdict.end), 0.0, level);
    const double known = std::max(rings_.highest_before(began, place), earlier_.highest);
    verdict.known = std::max(verdict.base, known - trend.swing);
  }
  verdict.followed = (verdict.end - began) / trend.span;
  const double before = verdict.carried ? level : verdict.base;
  verdict.headroom = std::isinf(limit_) ? std::max(level, kMinRiseBytes) : limit_ - before;
  const double closed_at = static_cast<double>(ring.at(ring.count - 1).index + 1) * ring.width_seconds;
  measure_height(trend.line_at(closed_at - verdict.end), verdict);
}

void GrowthTracker::measure_height(double height, RingVerdict& verdict) {
  verdict.rise = height - verdict.known;
  verdict.share = verdict.headroom > 0 ? (height - verdict.base) / verdict.headroom : 1;
}

// The earliest time, in seconds, from which no minimum is above the line. Minima below it are a warm-up on top of a
// leak.
double GrowthTracker::follow_back(std::size_t place, const RingVerdict& verdict) const {
  const Trend& trend = verdict.trend;
  const double least = verdict.end - kFollowedSpans * trend.span;
  const double tolerance = kFollowedNoise * trend.noise + trend.swing;
  double began = verdict.end - trend.span;
  for (std::size_t wide = place; wide < rings_.rings().size(); ++wide) {
    const RollingMinimum::Ring& ring = rings_.rings()[wide];
    for (std::size_t i = ring.count; i-- > 0;) {
      const Bucket& bucket = ring.at(i);
      if (bucket.at >= began) continue;
      if (bucket.at < least || bucket.bytes() > trend.line_at(bucket.at - verdict.end) + tolerance) return began;
      began = bucket.at;
    }
  }
  return began;
}

// Between two buckets of its ring the rise continues along the line, if the last minimum of a narrower ring confirms
// it.
void GrowthTracker::update_between_buckets(std::size_t place, double now, RingVerdict& verdict) const {
  const RollingMinimum::Ring& ring = rings_.rings()[place - std::min(place, kNarrowerRings)];
  const double floor = ring.at(ring.count - 1).bytes() + verdict.trend.noise;
  measure_height(std::min(verdict.trend.line_at(now - verdict.end), floor), verdict);
  verdict.rejection = find_rejection(place, verdict, false);
  if (verdict.rejection == RejectionReason::none) verdict.state = LeakState::leaking;
}

RejectionReason GrowthTracker::find_rejection(std::size_t place, const RingVerdict& verdict, bool was_leaking) const {
  const Trend& trend = verdict.trend;
  const double relief = was_leaking ? kRelief : 1;
  // A span shorter than the window counts only when the limit would be reached within the window.
  const double window = base::to_seconds(window_);
  const bool is_hasty = verdict.length < kMinWindowPart * window || verdict.end < kMinWindowPart * window;
  if (is_hasty && (limit_ - trend.line_end) / trend.slope > window) return RejectionReason::too_short;
  if (trend.rising_quarters < kRisingQuarters || !trend.rises_at_end ||
      trend.largest_step > kLargestStepPart / relief * trend.rise())
    return RejectionReason::stepwise;
  // The longer the time that the line explains, the less it may bend over its span.
  if (trend.late < relief * (1 - (1 - kMinPersistence) / verdict.followed) * trend.early)
    return RejectionReason::settling;
  if (trend.rise() < relief * kLeakOverNoise * trend.noise) return RejectionReason::noisy;
  const double least = verdict.carried ? kMinShareAgain : kMinShare;
  if (verdict.share < relief * least || verdict.rise < relief * kMinNewPart * verdict.share * verdict.headroom)
    return RejectionReason::small;
  return was_leaking || continues(place, verdict) ? RejectionReason::none : RejectionReason::settling;
}

// Whether the narrower rings, which resolve the end of the rise better, do not contradict it.
bool GrowthTracker::continues(std::size_t place, const RingVerdict& verdict) const {
  for (std::size_t narrower = 1; narrower <= std::min(place, kNarrowerRings); ++narrower) {
    const std::vector<TrendPoint> points = points_of(rings_.rings()[place - narrower]);
    if (points.empty()) continue;
    const Trend trend = fit_trend(points, 0);
    const double fastest = trend.slope + kErrorsOfEnd * trend.error;
    const double of_cycle = verdict.trend.swing / trend.span;  // the falling side of a daily cycle can hide this much
    if (fastest + of_cycle < kMinPersistenceOfEnd * verdict.trend.slope) return false;
  }
  return true;
}

std::string describe(const Growth& growth) {
  if (growth.state == LeakState::unknown) return {};
  if (growth.span_seconds == 0) {
    if (growth.observed_seconds >= growth.window_seconds)
      return "too few readings yet within " + format_seconds(growth.observed_seconds);
    return "observed for " + format_seconds(growth.observed_seconds) + " of the " +
           format_seconds(growth.window_seconds) + " needed";
  }
  std::string text = "minimum " + std::string(*growth.bytes_per_second < 0 ? "fell " : "rose ") +
                     per_hour(std::fabs(*growth.bytes_per_second));
  if (growth.significant) text += " (" + per_hour(growth.low) + " – " + per_hour(growth.high) + ")";
  text += " for " + format_seconds(growth.span_seconds) + ": " + reason_of(growth);
  if (growth.earlier_runs > 0 && growth.significant)
    text += "; " + std::to_string(growth.earlier_runs) + (growth.earlier_runs == 1 ? " run" : " runs") +
            " before this one ended in the same growth";
  return text;
}

Reading<base::Duration> time_to_limit_at(double bytes_per_second, const Growth& growth,
                                         const Reading<base::Bytes>& used, const Reading<base::Bytes>& limit) {
  if (!growth.bytes_per_second) return Reading<base::Duration>::absent(growth.bytes_per_second.reason());
  if (!used) return Reading<base::Duration>::absent(used.reason());
  if (!limit) return Reading<base::Duration>::absent(limit.reason());
  // A warm-up grows fast for a while, so there is no forecast before a whole window was observed.
  if (growth.state == LeakState::unknown || growth.state == LeakState::warming_up)
    return Reading<base::Duration>::absent("warming up: no forecast yet");
  if (!growth.significant || limit->is_unlimited()) return base::Duration::max();
  const double top = std::max(growth.top, static_cast<double>(used->count));
  const double headroom = static_cast<double>(limit->count) - top;
  if (headroom <= 0) return base::Duration::zero();
  // More than a year is no forecast, and a longer time would not fit into nanoseconds.
  constexpr double kYearSeconds = 365.0 * 86400;
  if (bytes_per_second * kYearSeconds < headroom) return base::Duration::max();
  return base::from_seconds(headroom / bytes_per_second);
}

Reading<base::Duration> time_to_limit(const Growth& growth, const Reading<base::Bytes>& used,
                                      const Reading<base::Bytes>& limit) {
  return time_to_limit_at(growth.bytes_per_second.value_or(0), growth, used, limit);
}

}  // namespace guard::signal

#include "guard/signal/growth.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "guard/signal/points.h"

#include <cstdlib>
#include <cstdio>
namespace guard::signal {

namespace {
double P(const char* n, double d) { const char* v = std::getenv(n); return v ? std::atof(v) : d; }

// The parameters; two more, about which points are judged, are in points.cc. docs/leak-detection.md explains each.
constexpr double kLeastWindowPart = 0.75;  // of the window that a verdict is judged over, at least
constexpr double kDaySeconds = 86400;
constexpr double kCycleWidthSeconds = 3 * 3600;  // buckets from this width on are compared with the same hour's
constexpr int kLeastDays = 3;                    // that must have been seen for that
constexpr double kLeastRiseBytes = 1 << 20;      // allocators take arenas of this order at once
constexpr double kLeastRisePart = 0.005;         // of the level: every real workload breathes
constexpr double kGrowthOverNoise = 4;           // a rise this many times the noise is growth,
const double kLeakOverNoise = P("LEAKNOISE",8);             // and this many times a trend, not a random walk
constexpr double kErrorsAboveZero = 3;           // the slope's standard errors that must fit below it
const double kLeastShare = P("SHARE",0.4);              // of the room that a leak has taken before it is called one
const double kLeastShareOfCycle = P("CYCLE",0.45);      // and before two days were seen, when the limit is hours away
const double kFresh = P("FRESH",0.5);
const double kLeastShareAgain = P("AGAIN",0.25);        // and when an earlier run grew alike
constexpr double kDaysToKnowCycle = 2;
constexpr double kQuarterDaySeconds = kDaySeconds / 4;
const double kLeastPersistence = P("PERSIST",0.8);  // late growth over early growth: less is settling
const double kLargestStepPart = P("STEP",0.25);  // of the rise
constexpr int kRisingQuarters = 3;         // one quarter may stand still: a leak that pauses is a leak
constexpr int kHeldJudgements = 1;         // in a row
constexpr double kRelief = 0.5;            // factor on the thresholds once it is called a leak: no flapping
constexpr double kSameSlope = 2;           // runs whose slopes differ by less leak alike
constexpr double kInterval = 2;            // standard errors to either side: 95 %

// Buckets are halves of halves of a day, so that whole ones fit into it.
double narrowest_width(base::Duration window) {
  constexpr double kShortestWindowPart = 16;
  constexpr double kLeastBuckets = 16;  // of a ring that is two thirds full
  const double wanted = base::to_seconds(window) / kShortestWindowPart / kLeastBuckets;
  const double halvings = std::clamp(std::ceil(std::log2(kDaySeconds / wanted)), 0.0, 19.0);
  return kDaySeconds / std::exp2(halvings);
}

int rank(const Judgement& judgement) { return static_cast<int>(judgement.state); }

// Which of two says more: the graver one, then the one that has seen the growth for longer.
bool is_better(const Judgement& a, const Judgement& b) {
  if (a.state != b.state) return rank(a) > rank(b);
  return a.trend.span > b.trend.span;
}

double least_rise(double level) { return std::max(kLeastRiseBytes, kLeastRisePart * level); }

// The ninth decile of how far the buckets' peaks stand above the line of their floors.
double excess_of(const FloorRings::Ring& ring, const Judgement& judgement) {
  std::array<double, FloorRings::kFloors> above{};
  std::size_t count = 0;
  for (std::size_t i = 0; i < ring.count; ++i) {
    const Floor& floor = ring.at(i);
    if (floor.at < judgement.end - judgement.trend.span) continue;
    // Against the line at the bucket's end: within the bucket the line itself has risen.
    const double until = static_cast<double>(floor.index + 1) * ring.width_seconds;
    above[count++] = static_cast<double>(floor.ceiling) - judgement.trend.line_at(until - judgement.end);
  }
  const auto ninth = above.begin() + static_cast<std::ptrdiff_t>(count * 9 / 10);
  std::nth_element(above.begin(), ninth, above.begin() + static_cast<std::ptrdiff_t>(count));
  return std::max(*ninth, 0.0);
}

}  // namespace

void GrowthTracker::begin(base::SteadyTime at, base::Duration window) {
  began_ = at;
  window_ = window;
  rings_ = FloorRings(narrowest_width(window));
  opinions_.assign(rings_.rings().size(), {});
  growth_ = Growth{};
  chosen_ = Judgement{};
}

void GrowthTracker::add(base::SteadyTime at, base::Bytes value, base::Duration window, base::Bytes limit) {
  if (began_ && window != window_) clear();
  if (!began_) begin(at, window);
  limit_ = limit.is_unlimited() ? std::numeric_limits<double>::infinity() : static_cast<double>(limit.count);
  const double now = base::to_seconds(at - *began_);
  const std::uint32_t closed = rings_.add(now, static_cast<double>(value.count));
  for (std::size_t ring = 0; ring < opinions_.size(); ++ring)
    if ((closed >> ring & 1U) != 0) judge_ring(ring);
  if (closed != 0)
    for (std::size_t ring = 0; ring < opinions_.size(); ++ring)
      if ((closed >> ring & 1U) == 0 && opinions_[ring].judgement.doubt == Doubt::small) measure_again(ring, now);
  if (closed != 0 || growth_.state == LeakState::unknown) conclude(now);
  if (chosen_.state != LeakState::unknown) growth_.top = chosen_.trend.line_at(now - chosen_.end) + chosen_.excess;
}

void GrowthTracker::judge_ring(std::size_t ring) {
  Opinion& opinion = opinions_[ring];
  opinion.judgement = judge_floors(ring, opinion.held >= kHeldJudgements);
  opinion.held = opinion.judgement.state == LeakState::leaking ? std::min(opinion.held + 1, kHeldJudgements) : 0;
}

Judgement GrowthTracker::judge_floors(std::size_t place, bool was_leaking) const {
  const FloorRings::Ring& ring = rings_.rings()[place];
  Judgement judgement;
  std::vector<TrendPoint> points = points_of(ring);
  if (points.empty()) return judgement;
  const auto covered = static_cast<double>(points.back().index - points.front().index + 1);
  judgement.length = covered * ring.width_seconds;
  judgement.end = points.back().seconds;
  std::int64_t period = 0;
  if (ring.width_seconds >= kCycleWidthSeconds) {
    period = std::llround(kDaySeconds / ring.width_seconds);
    if (static_cast<std::int64_t>(covered) < kLeastDays * period) return judgement;
  }
  judgement.state = LeakState::stable;
  judgement.doubt = Doubt::flat;
  const double lowest = lowest_of(points);
  if (!may_grow(points, least_rise(lowest), judgement.trend)) return judgement;
  if (period == 0) cut_before_onset(points, lowest);
  judgement.doubt = Doubt::uneven;
  if (points.size() < kLeastFloors) return judgement;
  const double onset = points.front().seconds;
  judge_growth(place, points, period, lowest, was_leaking, judgement);
  // What follows a warm-up is judged without it; it may have gone on since the same time.
  const std::size_t part = points.size() / 3;
  const bool may_follow_warm_up = judgement.doubt == Doubt::settling || judgement.doubt == Doubt::uneven;
  if (may_follow_warm_up && period == 0 && points.size() - part >= kLeastFloors) {
    points.erase(points.begin(), points.begin() + static_cast<std::ptrdiff_t>(part));
    Judgement after = judgement;
    const double beneath = lowest_of(points) - judgement.trend.late * (points.front().seconds - onset);
    judge_growth(place, points, period, std::max(beneath, lowest), was_leaking, after);
    if (P("AFTER",1)<1) return judgement;
    if (after.state == LeakState::leaking && after.trend.late < P("AFTERP",0.8)*after.trend.early) return judgement;
    if (after.state == LeakState::leaking) return after;
  }
  return judgement;
}

void GrowthTracker::judge_growth(std::size_t place, const std::vector<TrendPoint>& points, std::int64_t period,
                                 double lowest, bool was_leaking, Judgement& judgement) const {
  judgement.trend = fit_trend(points, period);
  judgement.excess = excess_of(rings_.rings()[place], judgement);
  measure_rise(place, lowest, judgement);
  const Trend& trend = judgement.trend;
  judgement.state = LeakState::stable;
  judgement.doubt = Doubt::uneven;
  if (trend.slope <= kErrorsAboveZero * trend.error ||
      trend.rise() <= std::max(least_rise(lowest), kGrowthOverNoise * trend.noise)) {
    judgement.doubt = Doubt::flat;
  } else if (judgement.rise <= least_rise(lowest)) {
    judgement.doubt = Doubt::known;
  } else if (trend.rising_quarters >= kRisingQuarters - 1) {
    judgement.doubt = doubt_leak(place, judgement, was_leaking);
    judgement.state = judgement.doubt == Doubt::none ? LeakState::leaking : LeakState::growing;
  }
}

void GrowthTracker::measure_rise(std::size_t place, double lowest, Judgement& judgement) const {
  const Trend& trend = judgement.trend;
  const FloorRings::Ring& ring = rings_.rings()[place];
  const double closed_at = static_cast<double>(ring.at(ring.count - 1).index + 1) * ring.width_seconds;
  const double height = trend.line_at(closed_at - judgement.end);
  judgement.carried =
      earlier_.runs > 0 && trend.slope < kSameSlope * earlier_.slope && trend.slope * kSameSlope > earlier_.slope;
  const double base = lowest + trend.noise;  // the lowest of noisy floors lies below their line
  judgement.base = base;
  judgement.known = base;
  if (judgement.carried) {
    judgement.base = judgement.known = base - earlier_.rise;
  } else {
    const double start = judgement.end - trend.span;
    judgement.known = std::max({base, rings_.highest_before(start, place) - trend.swing, earlier_.highest - trend.swing});
  }
  judgement.room = std::isinf(limit_) ? std::max(base, kLeastRiseBytes) : limit_ - base;
  measure_height(height, judgement);
}

void GrowthTracker::measure_height(double height, Judgement& judgement) {
  judgement.rise = height - judgement.known;
  judgement.share = judgement.room > 0 ? (height - judgement.base) / judgement.room : 1;
}

void GrowthTracker::measure_again(std::size_t place, double now) {
  Opinion& opinion = opinions_[place];
  Judgement& judgement = opinion.judgement;
  static const std::size_t finer = static_cast<std::size_t>(P("FINER",3));
  const FloorRings::Ring& ring = rings_.rings()[place > finer ? place - finer : 0];
  const Floor& last = ring.at(ring.count - 1);
  const double height = std::min(judgement.trend.line_at(now - judgement.end), last.bytes() + P("RN",1)*judgement.trend.noise);
  measure_height(height, judgement);
  judgement.doubt = doubt_leak(place, judgement, false);
  if (judgement.doubt != Doubt::none) return;
  judgement.state = LeakState::leaking;
  opinion.held = 1;
}

Doubt GrowthTracker::doubt_leak(std::size_t place, const Judgement& judgement, bool was_leaking) const {
  const Trend& trend = judgement.trend;
  const double relief = was_leaking ? kRelief : 1;
  // A shorter look than was asked for counts only when there is no time for a whole one.
  const double window = base::to_seconds(window_);
  const bool is_hasty = judgement.length < kLeastWindowPart * window || judgement.end < kLeastWindowPart * window;
  if (is_hasty && (limit_ - trend.line_end) / trend.slope > window) return Doubt::too_short;
  if (trend.rising_quarters < kRisingQuarters || !trend.rises_at_end ||
      trend.largest_step > kLargestStepPart / relief * trend.rise())
    return Doubt::uneven;
  if (trend.late < relief * kLeastPersistence * trend.early) return Doubt::settling;
  if (trend.rise() < relief * kLeakOverNoise * trend.noise) return Doubt::noisy;
  // A day's cycle that was never seen whole looks like a leak on its rising side, unless it would be a leak all the
  // same: so steep that the limit is met before the cycle turns.
  const bool may_be_cycle =
      judgement.end < kDaysToKnowCycle * kDaySeconds && limit_ - trend.line_end > trend.slope * kQuarterDaySeconds;
  const double least = judgement.carried ? kLeastShareAgain : may_be_cycle ? kLeastShareOfCycle : kLeastShare;
  if (judgement.share < relief * least || judgement.rise < relief * kFresh * judgement.share * judgement.room) return Doubt::small;
  if (!was_leaking && !goes_on(place, judgement)) return Doubt::settling;
  return Doubt::none;
}

// Whether the narrower rings, which see the end of it more closely, do not contradict.
bool GrowthTracker::goes_on(std::size_t place, const Judgement& judgement) const {
  static const std::size_t deep = static_cast<std::size_t>(P("DEEP",2));
  static const double part = P("PART",0.5), errs = P("ERRS",2);
  for (std::size_t finer = 1; finer <= std::min(deep, place); ++finer) {
    const FloorRings::Ring& ring = rings_.rings()[place - finer];
    std::vector<TrendPoint> points = points_of(ring);
    if (points.empty()) continue;
    std::int64_t period = 0;
    if (rings_.rings()[place].width_seconds >= kCycleWidthSeconds) {
      period = std::llround(kDaySeconds / ring.width_seconds);
      if (points.back().index - points.front().index < period * 5 / 4) continue;
    }
    const Trend trend = fit_trend(points, period);
    if (trend.slope + errs * trend.error < part * judgement.trend.slope) return false;
  }
  return true;
}

// The judgement that the verdict rests on; none while no ring has enough floors. Before a whole window was watched it
// gives a rate at most, unless a leak is in a hurry.
const Judgement* GrowthTracker::choose(double now) const {
  const Judgement* best = nullptr;
  const double window = base::to_seconds(window_);
  for (const auto& opinion : opinions_) {
    const Judgement& judgement = opinion.judgement;
    if (judgement.state == LeakState::unknown) continue;
    if (now < window / 2 && opinion.held == 0) continue;
    const bool is_long_enough = judgement.length >= (now < window ? 0.4 : kLeastWindowPart) * window;
    if (!is_long_enough && opinion.held < kHeldJudgements) continue;
    if (best == nullptr || (judgement.state > LeakState::stable && is_better(judgement, *best))) best = &judgement;
  }
  return best;
}

void GrowthTracker::conclude(double now) {
  const Judgement* best = choose(now);
  growth_ = Growth{};
  growth_.window_seconds = base::to_seconds(window_);
  growth_.watched_seconds = now;
  growth_.earlier_runs = earlier_.runs;
  growth_.state = LeakState::warming_up;
  chosen_ = best != nullptr ? *best : Judgement{};
  if (best == nullptr) {
    growth_.bytes_per_second = Reading<double>::absent(describe(growth_));
    return;
  }
  growth_.bytes_per_second = best->trend.slope;
  if (now < growth_.window_seconds && best->state != LeakState::leaking) return;
  growth_.state = best->state;
  growth_.doubt = best->doubt;
  // What grows less and less since it began is still warming up.
  if (best->doubt == Doubt::settling && best->end - best->trend.span <= best->trend.span / 2)
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
  const bool judged = chosen_.state != LeakState::unknown;
  const bool ended_growing =
      growth_.state == LeakState::leaking || (growth_.state == LeakState::growing && chosen_.doubt == Doubt::small);
  if (ended_growing) {
    earlier_ = {earlier_.highest, chosen_.trend.slope, chosen_.rise, earlier_.runs + 1};
  } else if (judged) {
    earlier_ = {std::max(earlier_.highest, rings_.highest_before(std::numeric_limits<double>::infinity(), 0)), 0, 0, 0};
  }
  began_.reset();
  growth_ = Growth{};
  chosen_ = Judgement{};
}

std::size_t GrowthTracker::size_bytes() const {
  return sizeof(*this) - sizeof(rings_) + rings_.size_bytes() + opinions_.capacity() * sizeof(Opinion);
}

}  // namespace guard::signal

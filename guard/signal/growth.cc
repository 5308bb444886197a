#include "guard/signal/growth.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "guard/signal/parameters.h"
#include "guard/signal/points.h"

namespace guard::signal {

namespace {

constexpr double kInterval = 2;  // standard errors to either side: 95 %

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
  for (std::size_t ring = 0; ring < opinions_.size(); ++ring) {
    Judgement& opinion = opinions_[ring];
    if ((closed >> ring & 1U) != 0)
      opinion = judge_floors(ring, opinion.state == LeakState::leaking);
    else if (closed != 0 && opinion.doubt == Doubt::small)
      look_again(ring, now, opinion);
  }
  if (closed != 0 || growth_.state == LeakState::unknown) conclude(now);
  if (chosen_.state != LeakState::unknown) growth_.top = chosen_.trend.line_at(now - chosen_.end) + chosen_.excess;
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
    if (static_cast<std::int64_t>(covered) < kLeastDays * period) period = 0;
  }
  judgement.state = LeakState::stable;
  judgement.doubt = Doubt::flat;
  const double lowest = lowest_of(points);
  if (!may_grow(points, least_rise(lowest), judgement.trend)) return judgement;
  if (period == 0) cut_before_onset(points, lowest);
  judgement.doubt = Doubt::uneven;
  if (points.size() < kLeastFloors) return judgement;
  judge_growth(place, points, period, lowest, was_leaking, judgement);
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
  } else if (std::min(judgement.rise, points.back().bytes + trend.noise + trend.swing - judgement.known) <=
             least_rise(lowest)) {
    // Where it bends the line overshoots: what was known is only left behind by memory that was seen above it.
    judgement.doubt = Doubt::known;
  } else if (trend.rising_quarters >= kRisingQuarters - 1) {
    judgement.doubt = doubt_leak(place, judgement, was_leaking);
    judgement.state = judgement.doubt == Doubt::none ? LeakState::leaking : LeakState::growing;
  }
}

// The judgement that the verdict rests on; none while no ring has enough floors. Before a whole window was watched it
// gives a rate at most, unless a leak is in a hurry.
const Judgement* GrowthTracker::choose(double now) const {
  const Judgement* best = nullptr;
  const double window = base::to_seconds(window_);
  for (const auto& judgement : opinions_) {
    if (judgement.state == LeakState::unknown) continue;
    const bool leaks = judgement.state == LeakState::leaking;
    const bool is_long_enough = judgement.length >= (now < window ? 0.4 : kLeastWindowPart) * window;
    if (!leaks && (now < window / 2 || !is_long_enough)) continue;
    // Of calm ones the longest says most: minutes of memory that breathes are no rate.
    const bool is_calm = judgement.state == LeakState::stable;
    if (best == nullptr || (is_calm ? best->state == LeakState::stable : is_better(judgement, *best)))
      best = &judgement;
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
  return sizeof(*this) - sizeof(rings_) + rings_.size_bytes() + opinions_.capacity() * sizeof(Judgement);
}

}  // namespace guard::signal

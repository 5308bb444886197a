// What a rise is measured from, and what keeps it from being called a leak.

#include <algorithm>
#include <cmath>

#include "guard/signal/growth.h"
#include "guard/signal/parameters.h"
#include "guard/signal/points.h"

namespace guard::signal {

void GrowthTracker::measure_rise(std::size_t place, double lowest, Judgement& judgement) const {
  const Trend& trend = judgement.trend;
  const FloorRings::Ring& ring = rings_.rings()[place];
  const double level = lowest + trend.noise;  // the lowest of noisy floors lies below their line
  double began = judgement.end - trend.span;
  judgement.carried =
      earlier_.runs > 0 && trend.slope < kSameSlope * earlier_.slope && trend.slope * kSameSlope > earlier_.slope;
  if (judgement.carried) {
    judgement.base = judgement.known = level - earlier_.rise;
  } else {
    began = follow_back(place, judgement);
    judgement.base = std::clamp(trend.line_at(began - judgement.end), 0.0, level);
    const double known = std::max(rings_.highest_before(began, place), earlier_.highest);
    judgement.known = std::max(judgement.base, known - trend.swing);
  }
  judgement.followed = (judgement.end - began) / trend.span;
  const double before = judgement.carried ? level : judgement.base;
  judgement.room = std::isinf(limit_) ? std::max(level, kLeastRiseBytes) : limit_ - before;
  const double closed_at = static_cast<double>(ring.at(ring.count - 1).index + 1) * ring.width_seconds;
  measure_height(trend.line_at(closed_at - judgement.end), judgement);
}

void GrowthTracker::measure_height(double height, Judgement& judgement) {
  judgement.rise = height - judgement.known;
  judgement.share = judgement.room > 0 ? (height - judgement.base) / judgement.room : 1;
}

// Seconds; how far back no floor stands above the line. What lies below it is a warm-up that came on top of a leak.
double GrowthTracker::follow_back(std::size_t place, const Judgement& judgement) const {
  const Trend& trend = judgement.trend;
  const double least = judgement.end - kFollowedSpans * trend.span;
  const double tolerance = kFollowedNoise * trend.noise + trend.swing;
  double began = judgement.end - trend.span;
  for (std::size_t wide = place; wide < rings_.rings().size(); ++wide) {
    const FloorRings::Ring& ring = rings_.rings()[wide];
    for (std::size_t i = ring.count; i-- > 0;) {
      const Floor& floor = ring.at(i);
      if (floor.at >= began) continue;
      if (floor.at < least || floor.bytes() > trend.line_at(floor.at - judgement.end) + tolerance) return began;
      began = floor.at;
    }
  }
  return began;
}

// Between two of its ring's buckets a rise goes on as its line does, if a narrower ring's last floor is as high.
void GrowthTracker::look_again(std::size_t place, double now, Judgement& judgement) const {
  const FloorRings::Ring& ring = rings_.rings()[place - std::min(place, kNarrowerRings)];
  const double floor = ring.at(ring.count - 1).bytes() + judgement.trend.noise;
  measure_height(std::min(judgement.trend.line_at(now - judgement.end), floor), judgement);
  judgement.doubt = doubt_leak(place, judgement, false);
  if (judgement.doubt == Doubt::none) judgement.state = LeakState::leaking;
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
  // The longer the time that the line is to explain, the less it may bend over its span.
  if (trend.late < relief * (1 - (1 - kLeastPersistence) / judgement.followed) * trend.early) return Doubt::settling;
  if (trend.rise() < relief * kLeakOverNoise * trend.noise) return Doubt::noisy;
  const double least = judgement.carried ? kLeastShareAgain : kLeastShare;
  if (judgement.share < relief * least || judgement.rise < relief * kLeastNewPart * judgement.share * judgement.room)
    return Doubt::small;
  return was_leaking || goes_on(place, judgement) ? Doubt::none : Doubt::settling;
}

// Whether the narrower rings, which see the end of the rise more closely, do not contradict it.
bool GrowthTracker::goes_on(std::size_t place, const Judgement& judgement) const {
  for (std::size_t narrower = 1; narrower <= std::min(place, kNarrowerRings); ++narrower) {
    const std::vector<TrendPoint> points = points_of(rings_.rings()[place - narrower]);
    if (points.empty()) continue;
    const Trend trend = fit_trend(points, 0);
    const double fastest = trend.slope + kErrorsOfEnd * trend.error;
    const double of_cycle = judgement.trend.swing / trend.span;  // the falling side of a day may hide that much
    if (fastest + of_cycle < kLeastPersistenceOfEnd * judgement.trend.slope) return false;
  }
  return true;
}

}  // namespace guard::signal

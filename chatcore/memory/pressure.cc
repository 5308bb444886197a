#include "chatcore/memory/pressure.h"

#include <algorithm>

namespace chatcore::memory {
namespace {

using base::Bytes;

// Below, the ratio is all noise.
constexpr Bytes kRatioFrom = base::mebibytes(1);
// Memory is calm again only when this much of what is explained is not used: so that it does not tighten at once after
// it has been loosened.
constexpr double kCalmPart = 0.9;

Bytes part_of(Bytes whole, double part) { return {static_cast<std::int64_t>(static_cast<double>(whole.count) * part)}; }

bool reaches(const MemoryReading& reading, base::Ratio part) {
  return reading.working_set && !reading.cgroup_limit.is_unlimited() &&
         *reading.working_set >= part_of(reading.cgroup_limit, part.value);
}

}  // namespace

Pressure::Pressure(PressureOptions options, Bytes configured)
    : options_(options), configured_(configured), limit_(configured) {}

// Whether the growth since the first reading is more than `part` of what the accounts explain.
bool Pressure::has_drifted(const MemoryReading& reading, double part) const {
  if (!reading.resident || !baseline_) return false;
  const Bytes explained = part_of(reading.accounted, options_.explained_ratio) + options_.slack;
  return *reading.resident - *baseline_ > part_of(explained, part);
}

PressureVerdict Pressure::look(base::SteadyTime now, const MemoryReading& reading) {
  if (reading.resident && !baseline_) baseline_ = std::max(*reading.resident - reading.accounted, Bytes{0});
  ratio_.reset();
  if (reading.resident && reading.accounted >= kRatioFrom) {
    ratio_ = static_cast<double>((*reading.resident - *baseline_).count) / static_cast<double>(reading.accounted.count);
  }
  if (configured_.is_unlimited()) return {limit_};
  if (reaches(reading, options_.near_limit)) return tighten(now, reading, PressureCause::near_limit);
  if (has_drifted(reading, 1)) return tighten(now, reading, PressureCause::drift);
  return loosen(now, reading);
}

PressureVerdict Pressure::tighten(base::SteadyTime now, const MemoryReading& reading, PressureCause cause) {
  calm_since_.reset();
  if (last_cut_ && now - *last_cut_ < options_.between_cuts) return {limit_};
  // A limit above what is held would change nothing.
  const Bytes least = part_of(configured_, options_.least.value);
  const Bytes tighter = std::max(least, part_of(std::min(limit_, reading.accounted), options_.cut.value));
  if (tighter >= limit_) return {limit_};
  last_cut_ = now;
  limit_ = tighter;
  return {limit_, cause};
}

PressureVerdict Pressure::loosen(base::SteadyTime now, const MemoryReading& reading) {
  const bool is_calm = !reaches(reading, options_.calm) && !has_drifted(reading, kCalmPart);
  if (limit_ == configured_ || !is_calm) {
    calm_since_.reset();
    return {limit_};
  }
  if (!calm_since_) calm_since_ = now;
  if (now - *calm_since_ < options_.between_steps) return {limit_};
  calm_since_ = now;
  limit_ = std::min(configured_, limit_ + part_of(configured_, options_.step_up.value));
  return {limit_, PressureCause::calm};
}

}  // namespace chatcore::memory

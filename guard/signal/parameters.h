#pragma once
// Parameters of the leak detector; docs/leak-detection.md explains each. Two more, for the selection of points, are in
// trend.cc.

#include <algorithm>
#include <cstddef>

namespace guard::signal {

inline constexpr double kDaySeconds = 86400;
inline constexpr double kCycleWidthSeconds =
    3 * 3600;                                   // buckets of at least this width are compared by hour of the day
inline constexpr int kMinDays = 3;              // after this many days
inline constexpr double kMinWindowPart = 0.75;  // minimum part of the window that a verdict covers

// Growth.
inline constexpr double kMinRiseBytes = 1 << 20;  // allocators add arenas of this size at once
inline constexpr double kMinRisePart = 0.005;     // of the level: every real workload fluctuates
inline constexpr double kGrowthOverNoise = 4;     // minimum rise, in times the noise
inline constexpr double kErrorsAboveZero = 3;     // minimum slope, in standard errors

// A leak.
inline constexpr double kMinShare = 0.455;           // minimum share of the headroom
inline constexpr double kMinShareAgain = 0.2;        // the same after an earlier run with the same growth
inline constexpr double kMinNewPart = 0.5;           // minimum part of the rise that is above the earlier level
inline constexpr double kLeakOverNoise = 10;         // minimum rise, in times the noise: a trend, not a random walk
inline constexpr double kLargestStepPart = 0.35;     // maximum step, as a part of the rise
inline constexpr int kRisingQuarters = 3;            // a leak may pause for one quarter
inline constexpr double kMinPersistence = 0.8;       // minimum ratio of late to early growth; below, it is settling
inline constexpr double kMinPersistenceOfEnd = 0.9;  // minimum ratio of the growth at the end to the whole
inline constexpr double kErrorsOfEnd = 1.5;          // tolerance of the end, in standard errors
inline constexpr std::size_t kNarrowerRings = 3;     // rings that resolve the end: its last half to its last eighth
inline constexpr double kFollowedSpans = 2;          // how far back the line may be followed, in spans
inline constexpr double kFollowedNoise = 2;          // tolerance above the line there, in times the noise
inline constexpr double kSameSlope = 2;              // maximum ratio of slopes of runs with the same growth
inline constexpr double kRelief = 0.5;               // factor on the thresholds once leaking: hysteresis

inline double min_rise(double level) { return std::max(kMinRiseBytes, kMinRisePart * level); }

}  // namespace guard::signal

#pragma once
// What the verdict on growth depends on; docs/leak-detection.md explains each. Two more, about which points are judged,
// are in points.cc.

#include <algorithm>
#include <cstddef>

namespace guard::signal {

inline constexpr double kDaySeconds = 86400;
inline constexpr double kCycleWidthSeconds = 3 * 3600;  // buckets from this width on are compared with the same hour's,
inline constexpr int kLeastDays = 3;                    // when that many days were seen
inline constexpr double kLeastWindowPart = 0.75;        // of the window that a verdict is judged over, at least

// Growth.
inline constexpr double kLeastRiseBytes = 1 << 20;  // allocators take arenas of this order at once
inline constexpr double kLeastRisePart = 0.005;     // of the level: every real workload breathes
inline constexpr double kGrowthOverNoise = 4;       // times the noise that growth rises
inline constexpr double kErrorsAboveZero = 3;       // the slope's standard errors that must fit below it

// A leak.
inline constexpr double kLeastShare = 0.455;           // of the room that it has taken
inline constexpr double kLeastShareAgain = 0.2;        // and when an earlier run grew alike
inline constexpr double kLeastNewPart = 0.5;           // of its rise, above all that was known before
inline constexpr double kLeakOverNoise = 10;           // times the noise that it rises: a trend, not a random walk
inline constexpr double kLargestStepPart = 0.35;       // of the rise
inline constexpr int kRisingQuarters = 3;              // one quarter may stand still: a leak that pauses is a leak
inline constexpr double kLeastPersistence = 0.8;       // late growth over early growth: less is settling
inline constexpr double kLeastPersistenceOfEnd = 0.9;  // growth of its end, seen closely, over its growth
inline constexpr double kErrorsOfEnd = 1.5;            // standard errors that the end is given
inline constexpr std::size_t kNarrowerRings = 3;       // that see the end: from its last half to its last eighth
inline constexpr double kFollowedSpans = 2;  // how far back a line may tell of what came before its own floors,
inline constexpr double kFollowedNoise = 2;  // and how far a floor may stand above it there, in times the noise
inline constexpr double kSameSlope = 2;      // runs whose slopes differ by less leak alike
inline constexpr double kRelief = 0.5;       // factor on the thresholds once it is called a leak: no flapping

inline double least_rise(double level) { return std::max(kLeastRiseBytes, kLeastRisePart * level); }

}  // namespace guard::signal

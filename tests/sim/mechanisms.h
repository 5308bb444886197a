#pragma once
// Memory made by what makes it — keys that arrive in a cache, processes that come and go, a heap that a collector
// enlarges — rather than by a formula for its shape, so that the detector is not judged by one family of curves.

#include "tests/sim/random.h"
#include "tests/sim/series.h"
#include "tests/sim/texture.h"

namespace sim {

enum class Mechanism { heap, zipf_cache, bounded_walk, regimes, processes, pools, resampled };

// Bytes within [0, `size`] at a second, to be asked in order of time. `length` is the series', in seconds; what is
// kept lives as long as the shape, and `random` must live longer.
Shape make_mechanism(Mechanism mechanism, double size, double length, Random& random);

}  // namespace sim

#pragma once
// Series of workloads that look as if they leaked, or not even that, and do not.

#include "tests/sim/random.h"
#include "tests/sim/series.h"

namespace sim {

Series make_harmless(Kind kind, Random& random);

}  // namespace sim

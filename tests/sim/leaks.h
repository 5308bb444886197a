#pragma once
// Series of workloads that leak.

#include "tests/sim/random.h"
#include "tests/sim/series.h"

namespace sim {

Series make_leak(Kind kind, Random& random);

}  // namespace sim

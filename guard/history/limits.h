#pragma once
// How much history is kept.

#include <chrono>

#include "base/units.h"

namespace guard::history {

struct Limits {
  base::Bytes max_size = base::mebibytes(64);         // of all its files on the disk
  base::Duration keep = std::chrono::hours(24 * 30);  // what is older goes
};

inline constexpr base::Bytes kLeastSize = base::mebibytes(1);

}  // namespace guard::history

#pragma once
// Wall-clock time in the time zone of the host (TZ, or /etc/localtime).

#include "guard/policy/windows.h"

namespace guard {

policy::WallClock local_clock(base::WallTime time);

}  // namespace guard

#pragma once
// What a clock on the wall shows in the machine's time zone (TZ, or /etc/localtime).

#include "guard/policy/windows.h"

namespace guard {

policy::WallClock local_clock(base::WallTime time);

}  // namespace guard

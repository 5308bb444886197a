#pragma once
// Maintenance windows: times of day in which people work on a workload and the guard does not take hold of it.
//
// A window is about what a clock on the wall shows, so that daylight saving needs no rule of its own: an hour that the
// clock skips is no part of any window, and one that it shows twice is part of it both times. Turning an instant into
// what the clock shows is the caller's; of UTC it is done here.

#include <array>
#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"

namespace guard::policy {

struct Window {
  std::chrono::minutes from{0};  // since midnight
  std::chrono::minutes to{0};    // not after `from`: of the next day; 24:00 is midnight at the end of the day
  std::array<bool, 7> days{};    // from Sunday; the day on which the window begins
  bool is_local = false;         // in the machine's time zone, else UTC
  friend bool operator==(const Window&, const Window&) = default;
};

// What a clock on the wall shows.
struct WallClock {
  unsigned weekday = 0;            // from Sunday, 0
  std::chrono::seconds of_day{0};  // since midnight
};

WallClock utc_clock(base::WallTime time);

bool is_open(const Window& window, const WallClock& clock);

// The first of `windows` that is open; null when none is.
const Window* find_open(const std::vector<Window>& windows, const WallClock& utc, const WallClock& local);

// "02:00 to 04:00 UTC on sat, sun".
std::string describe(const Window& window);

}  // namespace guard::policy

#pragma once
// Maintenance windows: times of day in which enforcing actions on a workload are suppressed.
//
// Windows are in wall-clock time, which settles daylight saving: an hour that the clock skips is in no window, and an
// hour that it shows twice is in the window both times. The caller converts to local time; UTC is converted here.

#include <array>
#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"

namespace guard::policy {

struct Window {
  std::chrono::minutes from{0};  // since midnight
  std::chrono::minutes to{0};    // when not after `from`: on the next day; 24:00 is the end of the day
  std::array<bool, 7> days{};    // from Sunday; the day on which the window starts
  bool is_local = false;         // in the host's time zone; false: UTC
  friend bool operator==(const Window&, const Window&) = default;
};

// Weekday and time of day, as a wall clock shows them.
struct WallClock {
  unsigned weekday = 0;            // from Sunday, 0
  std::chrono::seconds of_day{0};  // since midnight
};

WallClock utc_clock(base::WallTime time);

bool is_open(const Window& window, const WallClock& clock);

// The first open window; null when none is open.
const Window* find_open(const std::vector<Window>& windows, const WallClock& utc, const WallClock& local);

// "02:00 to 04:00 UTC on sat, sun".
std::string describe(const Window& window);

}  // namespace guard::policy

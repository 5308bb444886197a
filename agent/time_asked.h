#pragma once
// A time as a person writes it: a date, a number, or so long ago.

#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "base/units.h"

namespace agent {

struct TimeAsked {
  base::WallTime at;       // when it is not counted from now
  base::Duration back{0};  // above 0: so long before now

  [[nodiscard]] base::WallTime from(base::WallTime now) const {
    return back > base::Duration(0) ? now - std::chrono::duration_cast<base::WallTime::duration>(back) : at;
  }
  friend bool operator==(const TimeAsked&, const TimeAsked&) = default;
};

// RFC 3339 ("2026-01-02T03:04:05Z"; without a zone it is UTC), Unix seconds, or a duration back ("2h"). Errors:
// invalid_argument, with examples.
base::Result<TimeAsked> parse_time_asked(const std::string& text);

}  // namespace agent

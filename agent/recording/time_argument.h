#pragma once
// A point in time as a user writes it on a command line or in a URL: a date, Unix seconds, or how long ago.

#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "base/units.h"

namespace agent::recording {

struct TimeArgument {
  base::WallTime at;       // used when `back` is zero
  base::Duration back{0};  // above zero: this long before now

  [[nodiscard]] base::WallTime from(base::WallTime now) const {
    return back > base::Duration(0) ? now - std::chrono::duration_cast<base::WallTime::duration>(back) : at;
  }
  friend bool operator==(const TimeArgument&, const TimeArgument&) = default;
};

// Parses RFC 3339 ("2026-01-02T03:04:05Z"; UTC when it has no zone), Unix seconds, or a duration before now ("2h").
// Errors: invalid_argument, with examples.
base::Result<TimeArgument> parse_time_argument(const std::string& text);

}  // namespace agent::recording

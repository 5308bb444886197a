#pragma once
// Times as the container engine writes them: RFC 3339 with up to nine digits of a second in answers and log lines, and
// seconds with nanoseconds in the `since` of a question. Pure.

#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"

namespace guard::source {

// "2026-11-22T14:00:35.690079074Z", "2026-11-22T15:00:35+01:00". nullopt when it is nothing of the kind, and for years
// before 1970 or after 2261: the engine writes year 1 for "never", and nanoseconds in 64 bits end in 2262.
std::optional<base::WallTime> parse_engine_time(std::string_view text);

// "1795356035.690079074": what `since` and `until` take.
std::string format_engine_since(base::WallTime time);

}  // namespace guard::source

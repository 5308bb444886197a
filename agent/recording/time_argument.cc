#include "agent/recording/time_argument.h"

#include "agent/recording/fields.h"

namespace agent::recording {

base::Result<TimeArgument> parse_time_argument(const std::string& text) {
  constexpr double kLatestSeconds = 9e9;  // differences to now must fit into 63 bits of nanoseconds
  if (const auto seconds = parse_time(text); seconds && *seconds >= 0 && *seconds < kLatestSeconds) {
    const base::Duration since_epoch = base::from_seconds(*seconds);
    return TimeArgument{base::WallTime(std::chrono::duration_cast<base::WallTime::duration>(since_epoch)), {}};
  }
  if (const auto back = base::parse_duration(text); back && *back > base::Duration(0)) return TimeArgument{{}, *back};
  return base::fail(base::Code::invalid_argument, "'" + text +
                                                      "' is not a time: write 2026-01-02T03:04:05Z, Unix seconds, or "
                                                      "how long ago, such as 2h");
}

}  // namespace agent::recording

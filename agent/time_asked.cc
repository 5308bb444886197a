#include "agent/time_asked.h"

#include "agent/recording/fields.h"

namespace agent {

base::Result<TimeAsked> parse_time_asked(const std::string& text) {
  constexpr double kLatestSeconds = 9e9;  // in nanoseconds it, and what lies between it and now, must fit into 63 bits
  if (const auto seconds = recording::parse_time(text); seconds && *seconds >= 0 && *seconds < kLatestSeconds) {
    const base::Duration since_epoch = base::from_seconds(*seconds);
    return TimeAsked{base::WallTime(std::chrono::duration_cast<base::WallTime::duration>(since_epoch)), {}};
  }
  if (const auto back = base::parse_duration(text); back && *back > base::Duration(0)) return TimeAsked{{}, *back};
  return base::fail(base::Code::invalid_argument,
                    "'" + text + "' is no time: write 2026-01-02T03:04:05Z, Unix seconds, or how long ago, such as 2h");
}

}  // namespace agent

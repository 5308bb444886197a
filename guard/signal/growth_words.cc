// What a verdict on growth says to people, and how it is projected onto the limit.

#include <algorithm>
#include <cmath>

#include "guard/signal/growth.h"

namespace guard::signal {

namespace {

std::string bytes_in_words(double bytes) { return base::format_bytes({std::llround(bytes)}); }
std::string seconds_in_words(double seconds) { return base::format_duration(base::from_seconds(std::round(seconds))); }
std::string an_hour(double bytes_per_second) { return bytes_in_words(bytes_per_second * 3600) + "/h"; }

std::string reason_of(const Growth& growth) {
  const std::string share = std::to_string(std::lround(growth.share * 100)) + "% of the room";
  switch (growth.doubt) {
    case Doubt::none: return "it goes on without settling, has taken " + share + " and is no cycle, step or sawtooth";
    case Doubt::too_short: return "it is not watched for long enough";
    case Doubt::flat: return "that is no more than its noise of " + bytes_in_words(growth.noise);
    case Doubt::known: return "it is no higher than it has been before";
    case Doubt::uneven: return "it came in steps, not as growth that goes on";
    case Doubt::settling: return "it grows less and less: a warm-up, or a cache that fills";
    case Doubt::small: return "it has taken only " + share + " so far";
    case Doubt::noisy: return "it wanders by " + bytes_in_words(growth.noise) + " too, nearly as much as it rises";
  }
  return {};
}

}  // namespace

std::string describe(const Growth& growth) {
  if (growth.state == LeakState::unknown) return {};
  if (growth.span_seconds == 0) {
    if (growth.watched_seconds >= growth.window_seconds)
      return "too few readings yet within " + seconds_in_words(growth.watched_seconds);
    return "watched for " + seconds_in_words(growth.watched_seconds) + " of the " +
           seconds_in_words(growth.window_seconds) + " needed";
  }
  std::string text = "floor " + std::string(*growth.bytes_per_second < 0 ? "fell " : "rose ") +
                     an_hour(std::fabs(*growth.bytes_per_second));
  if (growth.significant) text += " (" + an_hour(growth.low) + " – " + an_hour(growth.high) + ")";
  text += " for " + seconds_in_words(growth.span_seconds) + ": " + reason_of(growth);
  if (growth.earlier_runs > 0 && growth.significant)
    text += "; " + std::to_string(growth.earlier_runs) + (growth.earlier_runs == 1 ? " run" : " runs") +
            " before this one ended in the same growth";
  return text;
}

Reading<base::Duration> time_to_limit_at(double bytes_per_second, const Growth& growth,
                                         const Reading<base::Bytes>& used, const Reading<base::Bytes>& limit) {
  if (!growth.bytes_per_second) return Reading<base::Duration>::absent(growth.bytes_per_second.reason());
  if (!used) return Reading<base::Duration>::absent(used.reason());
  if (!limit) return Reading<base::Duration>::absent(limit.reason());
  // What fills a cache or warms up grows fast for a while: before a whole window has been seen, growth is no forecast.
  if (growth.state == LeakState::unknown || growth.state == LeakState::warming_up)
    return Reading<base::Duration>::absent("warming up: growth is no forecast yet");
  if (!growth.significant || limit->is_unlimited()) return base::Duration::max();
  const double top = std::max(growth.top, static_cast<double>(used->count));
  const double room = static_cast<double>(limit->count) - top;
  if (room <= 0) return base::Duration::zero();
  // A year and more is no forecast, and a long one would not fit into nanoseconds.
  constexpr double kYearSeconds = 365.0 * 86400;
  if (bytes_per_second * kYearSeconds < room) return base::Duration::max();
  return base::from_seconds(room / bytes_per_second);
}

Reading<base::Duration> time_to_limit(const Growth& growth, const Reading<base::Bytes>& used,
                                      const Reading<base::Bytes>& limit) {
  return time_to_limit_at(growth.bytes_per_second.value_or(0), growth, used, limit);
}

}  // namespace guard::signal

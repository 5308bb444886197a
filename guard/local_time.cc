#include "guard/local_time.h"

#include <ctime>

namespace guard {

policy::WallClock local_clock(base::WallTime time) {
  const std::time_t seconds = std::chrono::system_clock::to_time_t(std::chrono::floor<std::chrono::seconds>(time));
  std::tm shown = {};
  if (::localtime_r(&seconds, &shown) == nullptr) return policy::utc_clock(time);
  return {static_cast<unsigned>(shown.tm_wday),
          std::chrono::hours(shown.tm_hour) + std::chrono::minutes(shown.tm_min) + std::chrono::seconds(shown.tm_sec)};
}

}  // namespace guard

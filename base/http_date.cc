#include "base/http_date.h"

#include <array>
#include <cstdio>

namespace base {

std::string http_date(std::time_t seconds) {
  constexpr std::array<const char*, 7> kDays = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  constexpr std::array<const char*, 12> kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                   "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  std::tm time = {};
  if (::gmtime_r(&seconds, &time) == nullptr) return {};  // a year beyond int
  std::array<char, 64> text{};
  const int length = std::snprintf(text.data(), text.size(), "%s, %02d %s %04d %02d:%02d:%02d GMT",
                                   kDays[static_cast<std::size_t>(time.tm_wday)], time.tm_mday,
                                   kMonths[static_cast<std::size_t>(time.tm_mon)], time.tm_year + 1900, time.tm_hour,
                                   time.tm_min, time.tm_sec);
  return {text.data(), static_cast<std::size_t>(length)};
}

std::string_view http_date_line() {
  struct Line {
    std::time_t second = -1;
    std::string text;
  };
  thread_local Line line;
  if (const std::time_t now = std::time(nullptr); now != line.second) {
    line.second = now;
    line.text = "Date: " + http_date(now) + "\r\n";
  }
  return line.text;
}

}  // namespace base

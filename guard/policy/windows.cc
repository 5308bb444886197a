#include "guard/policy/windows.h"

#include <algorithm>
#include <array>
#include <cstdio>

namespace guard::policy {

namespace {

constexpr std::array<const char*, 7> kDays = {"sun", "mon", "tue", "wed", "thu", "fri", "sat"};

std::string time_of_day(std::chrono::minutes since_midnight) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%02d:%02d", static_cast<int>(since_midnight.count() / 60),
                static_cast<int>(since_midnight.count() % 60));
  return text.data();
}

}  // namespace

WallClock utc_clock(base::WallTime time) {
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::weekday weekday(day);
  return {weekday.c_encoding(), std::chrono::floor<std::chrono::seconds>(time - day)};
}

bool is_open(const Window& window, const WallClock& clock) {
  const bool begins_today = window.days.at(clock.weekday % 7);
  if (window.from < window.to) return begins_today && clock.of_day >= window.from && clock.of_day < window.to;
  const bool began_yesterday = window.days.at((clock.weekday + 6) % 7);
  return (begins_today && clock.of_day >= window.from) || (began_yesterday && clock.of_day < window.to);
}

const Window* find_open(const std::vector<Window>& windows, const WallClock& utc, const WallClock& local) {
  const auto open = std::ranges::find_if(
      windows, [&](const Window& window) { return is_open(window, window.is_local ? local : utc); });
  return open == windows.end() ? nullptr : &*open;
}

std::string describe(const Window& window) {
  std::string text = time_of_day(window.from) + " to " + time_of_day(window.to) + (window.is_local ? "" : " UTC");
  if (std::ranges::all_of(window.days, [](bool day) { return day; })) return text;
  const char* separator = " on ";
  for (std::size_t day = 0; day < kDays.size(); ++day) {
    if (!window.days[day]) continue;
    text += separator;
    text += kDays[day];
    separator = ", ";
  }
  return text;
}

}  // namespace guard::policy

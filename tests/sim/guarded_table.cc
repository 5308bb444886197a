#include <algorithm>
#include <array>
#include <cstdio>

#include "tests/sim/guarded.h"

namespace sim {
namespace {

std::string span_of(double seconds) {
  std::array<char, 32> text{};
  const auto print = [&](double value, const char* unit) {
    std::snprintf(text.data(), text.size(), "%.3g %s", value, unit);
    return std::string(text.data());
  };
  if (seconds >= 1.5 * kDay) return print(seconds / kDay, "d");
  if (seconds >= 1.5 * kHour) return print(seconds / kHour, "h");
  return seconds >= 90 ? print(seconds / 60, "min") : print(seconds, "s");
}

std::string two_digits(double value) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.2f", value);
  return text.data();
}

unsigned long long number(std::uint64_t count) { return count; }

}  // namespace

std::string table(const std::vector<GuardedLeak>& leaks) {
  std::string text =
      "policy      limit in  pattern     kills missed  restarts  fewest ratio  least notice  10 min   sheds    down\n";
  for (const GuardedLeak& leak : leaks) {
    std::array<char, 200> line{};
    std::snprintf(line.data(), line.size(), "%-10s %9s  %-9s %7llu %6llu %9llu %7llu %5s %13s %6.0f%% %7llu %6.2f%%\n",
                  leak.policy.c_str(), span_of(leak.fills_after).c_str(), std::string(name_of(leak.pattern)).c_str(),
                  number(leak.kills), number(leak.missed), number(leak.restarts), number(leak.fewest),
                  leak.fewest > 0 ? two_digits(leak.ratio()).c_str() : "-",
                  leak.restarts > 0 ? span_of(leak.least_notice).c_str() : "-", 100 * leak.early, number(leak.sheds),
                  100 * leak.down / leak.seconds);
    text += line.data();
  }
  return text;
}

std::string table(const std::vector<GuardedPeace>& peace) {
  std::string text = "policy     kind                   days  series  restarted  restarts  near limit  notices\n";
  for (const GuardedPeace& one : peace) {
    std::array<char, 200> line{};
    std::snprintf(line.data(), line.size(), "%-10s %-20s %6.0f %7d %10d %9llu %11llu %8llu\n", one.policy.c_str(),
                  std::string(name_of(one.kind)).c_str(), one.days, one.series, one.restarted, number(one.restarts),
                  number(one.near_limit), number(one.notifications));
    text += line.data();
  }
  return text;
}

}  // namespace sim

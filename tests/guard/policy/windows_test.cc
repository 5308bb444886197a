#include "guard/policy/windows.h"

#include <gtest/gtest.h>

namespace guard::policy {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr unsigned kSunday = 0;
constexpr unsigned kMonday = 1;
constexpr unsigned kSaturday = 6;

Window daily(minutes from, minutes to) { return {from, to, {true, true, true, true, true, true, true}, false}; }
Window only_on(unsigned day, minutes from, minutes to) {
  Window window = daily(from, to);
  window.days = {};
  window.days.at(day) = true;
  return window;
}

TEST(Window, IsOpenFromItsFirstSecondToBeforeItsLast) {
  const Window window = daily(hours(2), hours(4));
  EXPECT_FALSE(is_open(window, {kMonday, hours(2) - seconds(1)}));
  EXPECT_TRUE(is_open(window, {kMonday, hours(2)}));
  EXPECT_TRUE(is_open(window, {kMonday, hours(4) - seconds(1)}));
  EXPECT_FALSE(is_open(window, {kMonday, hours(4)}));
}

TEST(Window, IsOpenOnItsDaysOnly) {
  const Window window = only_on(kSunday, hours(2), hours(4));
  EXPECT_TRUE(is_open(window, {kSunday, hours(3)}));
  EXPECT_FALSE(is_open(window, {kMonday, hours(3)}));
  EXPECT_FALSE(is_open(window, {kSaturday, hours(3)}));
}

TEST(Window, CrossesMidnightIntoTheDayAfter) {
  const Window window = only_on(kSaturday, hours(22), hours(2));
  EXPECT_FALSE(is_open(window, {kSaturday, hours(1)})) << "that would belong to a window of Friday";
  EXPECT_TRUE(is_open(window, {kSaturday, hours(23)}));
  EXPECT_TRUE(is_open(window, {kSunday, hours(1)}));
  EXPECT_FALSE(is_open(window, {kSunday, hours(2)}));
  EXPECT_FALSE(is_open(window, {kSunday, hours(23)}));
}

TEST(Window, UntilMidnightEndsThere) {
  const Window window = only_on(kSaturday, hours(22), hours(24));
  EXPECT_TRUE(is_open(window, {kSaturday, hours(24) - seconds(1)}));
  EXPECT_FALSE(is_open(window, {kSunday, seconds(0)}));
}

TEST(Windows, AreEachJudgedByTheirOwnClock) {
  Window local = daily(hours(2), hours(4));
  local.is_local = true;
  const WallClock at_two{kMonday, hours(2)};
  const WallClock at_five{kMonday, hours(5)};
  EXPECT_EQ(find_open({local}, at_two, at_five), nullptr);
  EXPECT_NE(find_open({local}, at_five, at_two), nullptr);
  const std::vector<Window> both = {local, daily(hours(2), hours(4))};
  EXPECT_EQ(find_open(both, at_two, at_five), &both[1]);
}

TEST(UtcClock, KnowsTheDayOfTheWeek) {
  // 2026-01-01 was a Thursday.
  const base::WallTime time(seconds(1767225600) + hours(3) + seconds(7));
  EXPECT_EQ(utc_clock(time).weekday, 4U);
  EXPECT_EQ(utc_clock(time).of_day, hours(3) + seconds(7));
  EXPECT_EQ(utc_clock(base::WallTime(seconds(-1))).weekday, 3U) << "before 1970";
  EXPECT_EQ(utc_clock(base::WallTime(seconds(-1))).of_day, hours(24) - seconds(1));
}

TEST(Window, IsDescribed) {
  EXPECT_EQ(describe(daily(hours(2), hours(4) + minutes(30))), "02:00 to 04:30 UTC");
  Window window = only_on(kSunday, hours(22), hours(24));
  window.days.at(kSaturday) = true;
  window.is_local = true;
  EXPECT_EQ(describe(window), "22:00 to 24:00 on sun, sat");
}

}  // namespace
}  // namespace guard::policy

#include "guard/local_time.h"

#include <cstdlib>
#include <ctime>

#include <gtest/gtest.h>

namespace guard {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

// A zone with daylight saving, written out so that no time zone database is needed: Central European Time.
class LocalTime : public testing::Test {
 protected:
  LocalTime() { set("CET-1CEST,M3.5.0,M10.5.0/3"); }
  ~LocalTime() override {
    ::unsetenv("TZ");
    ::tzset();
  }
  static void set(const char* zone) {
    ::setenv("TZ", zone, 1);
    ::tzset();
  }

  // How many minutes of the 24 hours from `begin` on the window is open.
  static int open_minutes(base::WallTime begin, minutes from, minutes to) {
    const policy::Window window{from, to, {true, true, true, true, true, true, true}, true};
    int open = 0;
    for (int minute = 0; minute < 24 * 60; ++minute) {
      const base::WallTime time = begin + minutes(minute);
      if (policy::find_open({window}, policy::utc_clock(time), local_clock(time)) != nullptr) ++open;
    }
    return open;
  }

  // Noon UTC of the day before.
  const base::WallTime before_spring{seconds(1774699200)};    // 2026-03-28; at 02:00 the clock goes to 03:00
  const base::WallTime before_autumn{seconds(1792843200)};    // 2026-10-24; at 03:00 the clock goes to 02:00
  const base::WallTime an_ordinary_day{seconds(1767225600)};  // 2026-01-01
};

TEST_F(LocalTime, IsWhatAClockOnTheWallShows) {
  EXPECT_EQ(local_clock(an_ordinary_day).of_day, hours(1));
  EXPECT_EQ(local_clock(an_ordinary_day).weekday, 4U);
  EXPECT_EQ(local_clock(before_autumn).of_day, hours(14)) << "in summer";
}

TEST_F(LocalTime, AWindowLosesTheHourThatTheClockSkips) {
  EXPECT_EQ(open_minutes(an_ordinary_day, hours(1), hours(4)), 180);
  EXPECT_EQ(open_minutes(before_spring, hours(1), hours(4)), 120);
  EXPECT_EQ(open_minutes(before_spring, hours(2), hours(3)), 0);
}

TEST_F(LocalTime, AWindowHasTheHourTwiceThatTheClockShowsTwice) {
  EXPECT_EQ(open_minutes(before_autumn, hours(1), hours(4)), 240);
  EXPECT_EQ(open_minutes(before_autumn, hours(2), hours(3)), 120);
}

}  // namespace
}  // namespace guard

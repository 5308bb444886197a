#include "guard/signal/growth.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <optional>

#include <gtest/gtest.h>

namespace guard::signal {
namespace {

using base::Bytes;
using base::mebibytes;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr auto kWindow = minutes(10);
const base::SteadyTime kBegin(seconds(1000));

// One sample a second from `from` up to and with `to`; the series gives MiB at a second since the beginning.
void feed(GrowthTracker& tracker, int from, int to, const std::function<double(int)>& mebibytes_at) {
  for (int second = from; second <= to; ++second)
    tracker.add(kBegin + seconds(second), {static_cast<std::int64_t>(mebibytes_at(second) * 1048576)}, kWindow);
}

Growth growth_of(int length, const std::function<double(int)>& mebibytes_at) {
  GrowthTracker tracker;
  feed(tracker, 0, length, mebibytes_at);
  return tracker.growth();
}

// A repeatable scatter within [0, 1).
double scatter(int second) { return static_cast<double>((second * 7919) % 1000) / 1000; }

TEST(Growth, IsUnknownBeforeTheFirstSample) {
  EXPECT_EQ(GrowthTracker().growth().state, LeakState::unknown);
  EXPECT_FALSE(GrowthTracker().growth().bytes_per_second);
}

TEST(Growth, HasNoRateBeforeHalfAWindow) {
  const auto growth = growth_of(299, [](int second) { return 300 + 0.1 * second; });
  EXPECT_FALSE(growth.bytes_per_second);
  EXPECT_EQ(growth.state, LeakState::warming_up);
}

TEST(Growth, HasARateFromHalfAWindowOn) {
  const auto growth = growth_of(310, [](int second) { return 300 + 0.1 * second; });
  ASSERT_TRUE(growth.bytes_per_second);
  EXPECT_NEAR(*growth.bytes_per_second, 0.1 * 1048576, 100);
  EXPECT_EQ(growth.state, LeakState::warming_up) << "a verdict needs the whole window";
}

TEST(Growth, ARiseThatGoesOnAndTakesTheRoomIsALeak) {
  const auto growth = growth_of(1500, [](int second) { return 300 + 0.1 * second + 5 * scatter(second); });
  EXPECT_EQ(growth.state, LeakState::leaking) << describe(growth);
  EXPECT_TRUE(growth.significant);
  EXPECT_NEAR(*growth.bytes_per_second, 0.1 * 1048576, 5000);
}

TEST(Growth, FlatWithNoiseIsStable) {
  const auto growth = growth_of(1200, [](int second) { return 300 + 20 * scatter(second); });
  EXPECT_EQ(growth.state, LeakState::stable) << describe(growth);
  EXPECT_FALSE(growth.significant);
}

TEST(Growth, CollectorsSawtoothIsStable) {
  const auto growth = growth_of(1200, [](int second) { return 300 + 2 * (second % 45); });
  EXPECT_NE(growth.state, LeakState::leaking) << describe(growth);
}

TEST(Growth, SawtoothOnARisingFloorIsALeak) {
  const auto growth = growth_of(1200, [](int second) { return 300 + 0.2 * second + (second % 9); });
  EXPECT_EQ(growth.state, LeakState::leaking) << describe(growth);
}

TEST(Growth, OneStepIsNoLeak) {
  const auto growth = growth_of(1200, [](int second) { return second < 900 ? 300.0 : 400.0; });
  EXPECT_NE(growth.state, LeakState::leaking) << describe(growth);
}

TEST(Growth, ARiseOfTwoQuartersIsGrowthButNoLeakYet) {
  // Flat for the window's first half, then rising: it may be a leak that began, or a cache that fills.
  const auto growth = growth_of(1201, [](int second) { return second < 900 ? 300.0 : 300 + 0.1 * (second - 900); });
  EXPECT_EQ(growth.state, LeakState::growing) << describe(growth);
}

TEST(Growth, ASlopeWithinTheNoiseOfTheFloorIsStable) {
  // Each bucket's floor lies anywhere within 40 MiB, and the line through them rises by 18 MiB.
  const auto growth = growth_of(610, [](int second) { return 300 + 0.03 * second + 40 * scatter(second / 10); });
  EXPECT_FALSE(growth.significant) << describe(growth);
  EXPECT_EQ(growth.state, LeakState::stable) << describe(growth);
}

TEST(Growth, WarmUpThatFlattensEndsStable) {
  const auto growth = growth_of(1500, [](int second) { return second < 300 ? 100.0 + second : 400.0; });
  EXPECT_EQ(growth.state, LeakState::stable) << describe(growth);
}

TEST(Growth, FallingMemoryIsStable) {
  const auto growth = growth_of(1200, [](int second) { return 900 - 0.2 * second; });
  EXPECT_EQ(growth.state, LeakState::stable) << describe(growth);
  EXPECT_LT(*growth.bytes_per_second, 0);
}

TEST(Growth, OneWildBucketDoesNotMoveTheRate) {
  const auto growth = growth_of(1200, [](int second) { return second >= 900 && second < 920 ? 900.0 : 300.0; });
  EXPECT_NEAR(*growth.bytes_per_second, 0, 1);
}

TEST(Growth, LeakWorksOnACoarseClockToo) {
  GrowthTracker tracker;  // one sample a minute: a bucket each
  for (int minute = 0; minute <= 19; ++minute)
    tracker.add(kBegin + minutes(minute), mebibytes(300 + 10 * minute), kWindow);
  EXPECT_EQ(tracker.growth().state, LeakState::leaking) << describe(tracker.growth());
}

TEST(Growth, RareReadingsAreJudgedOverALongerTime) {
  GrowthTracker tracker;  // one sample in two minutes: five in a window
  for (int step = 0; step <= 6; ++step) tracker.add(kBegin + minutes(2 * step), mebibytes(300 + step), kWindow);
  EXPECT_FALSE(tracker.growth().bytes_per_second);
  EXPECT_EQ(tracker.growth().state, LeakState::warming_up);
  for (int step = 7; step <= 40; ++step) tracker.add(kBegin + minutes(2 * step), mebibytes(300 + step), kWindow);
  EXPECT_EQ(tracker.growth().state, LeakState::growing) << describe(tracker.growth());
}

TEST(Growth, HasNoLeakBeforeItsPartOfTheRoomIsTaken) {
  GrowthTracker tracker;
  const auto feed_until = [&](int from, int to) {
    for (int second = from; second <= to; ++second)
      tracker.add(kBegin + seconds(second), {(300LL << 20) + second * 104'858LL}, kWindow, mebibytes(700));
  };
  feed_until(0, 1500);  // 150 of 400 MiB
  EXPECT_EQ(tracker.growth().state, LeakState::growing) << describe(tracker.growth());
  EXPECT_EQ(tracker.growth().rejection, RejectionReason::small);
  feed_until(1501, 1900);  // 190
  EXPECT_EQ(tracker.growth().state, LeakState::leaking) << describe(tracker.growth());
}

// Of the seconds that a series lasts, the first at which it is called a leak; none when it never is.
std::optional<int> first_leaking(int length, Bytes limit, const std::function<double(int)>& mebibytes_at) {
  GrowthTracker tracker;
  for (int second = 0; second <= length; ++second) {
    tracker.add(kBegin + seconds(second), {static_cast<std::int64_t>(mebibytes_at(second) * 1048576)}, kWindow, limit);
    if (tracker.growth().state == LeakState::leaking) return second;
  }
  return std::nullopt;
}

TEST(Growth, LeakBehindAWarmUpIsCalledByWhatItTookItself) {
  // Level 300 after the warm-up, so the leak has taken half of its 400 MiB after 4,000 s.
  const auto called = first_leaking(8000, mebibytes(700),
                                    [](int second) { return 300 - 150 * std::exp(-second / 300.0) + 0.05 * second; });
  ASSERT_TRUE(called);
  EXPECT_GE(*called, 3000);
  EXPECT_LE(*called, 4000);
}

TEST(Growth, CacheThatFillsEverMoreSlowlyIsNoLeak) {
  const auto power = [](double exponent) {
    return first_leaking(8000, mebibytes(700),
                         [=](int second) { return 300 + 240 * std::min(1.0, std::pow(second / 6000.0, exponent)); });
  };
  EXPECT_FALSE(power(0.5));
  EXPECT_FALSE(power(0.6));
}

TEST(Growth, LeakOfMinutesIsCalledBeforeAWholeWindowWasWatched) {
  GrowthTracker tracker;
  const auto feed_until = [&](int from, int to) {
    for (int second = from; second <= to; ++second)
      tracker.add(kBegin + seconds(second), mebibytes(300 + 2 * second), kWindow, mebibytes(700));
  };
  feed_until(0, 100);
  EXPECT_EQ(tracker.growth().state, LeakState::leaking) << describe(tracker.growth());
}

TEST(Growth, SlowLeakIsCalledOverDays) {
  GrowthTracker tracker;  // 1 MiB an hour
  for (int quarter = 0; quarter < 4 * 24 * 9; ++quarter)
    tracker.add(kBegin + minutes(15 * quarter), {(300LL << 20) + quarter * 262'144LL}, kWindow, mebibytes(700));
  EXPECT_EQ(tracker.growth().state, LeakState::leaking) << describe(tracker.growth());
  EXPECT_NEAR(*tracker.growth().bytes_per_second * 3600, 1048576, 1000);
}

TEST(Growth, DailyCycleThatWasSeenIsNoLeak) {
  GrowthTracker tracker;
  for (int minute = 0; minute < 60 * 24 * 5; ++minute) {
    const double part = 0.5 - 0.5 * std::cos(minute / 1440.0 * 2 * 3.14159265);
    tracker.add(kBegin + minutes(minute), {static_cast<std::int64_t>((300 + 150 * part) * 1048576)}, kWindow,
                mebibytes(700));
    if (minute > 1440) {
      ASSERT_NE(tracker.growth().state, LeakState::leaking) << describe(tracker.growth());
    }
  }
}

TEST(Growth, LeakThatRestartsCutIsCarriedAcross) {
  GrowthTracker tracker;
  const auto run = [&](int begin) {  // 25 minutes: up to a third of the room
    for (int second = 0; second < 1500; ++second)
      tracker.add(kBegin + seconds(begin + second), {(300LL << 20) + second * 90'000LL}, kWindow, mebibytes(700));
  };
  run(0);
  EXPECT_EQ(tracker.growth().state, LeakState::growing) << describe(tracker.growth());
  tracker.restart();
  EXPECT_EQ(tracker.growth().state, LeakState::unknown);
  run(1500);
  EXPECT_EQ(tracker.growth().state, LeakState::leaking) << describe(tracker.growth());
  EXPECT_EQ(tracker.growth().earlier_runs, 1);
}

TEST(Growth, RunThatEndedFlatIsNotCarried) {
  GrowthTracker tracker;
  feed(tracker, 0, 1500, [](int second) { return std::min(300.0 + second, 500.0); });
  tracker.restart();
  feed(tracker, 1501, 3000, [](int second) { return std::min(300.0 + (second - 1501), 500.0); });
  EXPECT_EQ(tracker.growth().earlier_runs, 0);
  EXPECT_EQ(tracker.growth().state, LeakState::stable) << describe(tracker.growth());
}

TEST(Growth, ClearForgetsTheRunBefore) {
  GrowthTracker tracker;
  feed(tracker, 0, 700, [](int second) { return 300 + 0.1 * second; });
  tracker.clear();
  feed(tracker, 701, 702, [](int) { return 100; });
  EXPECT_EQ(tracker.growth().state, LeakState::warming_up);
  EXPECT_FALSE(tracker.growth().bytes_per_second);
}

TEST(Growth, AnotherWindowStartsAnew) {
  GrowthTracker tracker;
  feed(tracker, 0, 700, [](int second) { return 300 + 0.1 * second; });
  tracker.add(kBegin + seconds(701), mebibytes(300), minutes(5));
  EXPECT_EQ(tracker.growth().state, LeakState::warming_up);
}

Growth growing_by(double bytes_per_second, bool significant = true) {
  Growth growth;
  growth.bytes_per_second = bytes_per_second;
  growth.significant = significant;
  growth.state = significant ? LeakState::growing : LeakState::stable;
  return growth;
}

TEST(TimeToLimit, IsTheRoomLeftOverTheRate) {
  EXPECT_EQ(*time_to_limit(growing_by(1048576), Reading<Bytes>(mebibytes(100)), Reading<Bytes>(mebibytes(700))),
            base::Duration(minutes(10)));
}

TEST(TimeToLimit, IsAbsentWhileAWholeWindowHasNotBeenSeen) {
  Growth growth = growing_by(1048576);
  growth.state = LeakState::warming_up;
  EXPECT_FALSE(time_to_limit(growth, Reading<Bytes>(mebibytes(100)), Reading<Bytes>(mebibytes(700))));
}

TEST(TimeToLimit, IsZeroAtTheLimit) {
  EXPECT_EQ(*time_to_limit(growing_by(1), Reading<Bytes>(mebibytes(700)), Reading<Bytes>(mebibytes(700))),
            base::Duration::zero());
}

TEST(TimeToLimit, IsForEverWithoutSignificantGrowth) {
  EXPECT_EQ(*time_to_limit(growing_by(1048576, false), Reading<Bytes>(mebibytes(699)), Reading<Bytes>(mebibytes(700))),
            base::Duration::max());
}

TEST(TimeToLimit, IsForEverWithoutALimit) {
  EXPECT_EQ(*time_to_limit(growing_by(1048576), Reading<Bytes>(mebibytes(1)), Reading<Bytes>(Bytes::unlimited())),
            base::Duration::max());
}

TEST(TimeToLimit, IsForEverWhenItIsYearsAway) {
  EXPECT_EQ(*time_to_limit(growing_by(1e-9), Reading<Bytes>(mebibytes(1)), Reading<Bytes>(mebibytes(700))),
            base::Duration::max());
}

TEST(TimeToLimit, IsAbsentWithoutARateOrALimit) {
  EXPECT_FALSE(time_to_limit(Growth{}, Reading<Bytes>(mebibytes(1)), Reading<Bytes>(mebibytes(700))));
  EXPECT_FALSE(time_to_limit(growing_by(1), Reading<Bytes>(mebibytes(1)), Reading<Bytes>::absent("EIO")));
  EXPECT_FALSE(time_to_limit(growing_by(1), Reading<Bytes>::absent("EIO"), Reading<Bytes>(mebibytes(700))));
}

}  // namespace
}  // namespace guard::signal

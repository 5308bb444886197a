#include "chatcore/concurrency_limiter.h"

#include <gtest/gtest.h>

namespace chatcore {
namespace {

using namespace std::chrono_literals;

constexpr ConcurrencyLimiterOptions kOptions{
    .first = 8, .least = 8, .most = 64, .tolerance = 3, .target = 2ms, .window = 100ms, .max_lag = 1ms};

// Whole windows of turns that all take the same, with `beginning` of them at once.
class Windows {
 public:
  explicit Windows(ConcurrencyLimiter& limiter) : limiter_(limiter) {}
  void pass(int windows, base::Duration took, std::size_t beginning,
            ConcurrencyLimiter::Kind kind = ConcurrencyLimiter::Kind::stored) {
    for (int i = 0; i < windows * 11; ++i) {
      limiter_.record(now_, took, beginning, kind);
      now_ += 10ms;
    }
  }

 private:
  ConcurrencyLimiter& limiter_;
  base::SteadyTime now_{1h};
};

TEST(ConcurrencyLimiter, BeginsWithItsFirstGuess) { EXPECT_EQ(ConcurrencyLimiter({.first = 9}).limit(), 9U); }

TEST(ConcurrencyLimiter, LetsMoreInWhileBeginningsAreQuickAndPlacesAreUsed) {
  ConcurrencyLimiter limiter(kOptions);
  Windows windows(limiter);
  windows.pass(1, 1ms, 8);
  EXPECT_EQ(limiter.limit(), 9U);
  windows.pass(50, 1ms, 64);
  EXPECT_EQ(limiter.limit(), 64U);
}

TEST(ConcurrencyLimiter, DoesNotGrowWithPlacesThatNobodyUses) {
  ConcurrencyLimiter limiter(kOptions);
  Windows(limiter).pass(20, 1ms, 7);
  EXPECT_EQ(limiter.limit(), 8U);
}

TEST(ConcurrencyLimiter, BacksOffWhenBeginningsTakeLongerThanAllowed) {
  ConcurrencyLimiter limiter(kOptions);
  Windows windows(limiter);
  windows.pass(50, 1ms, 64);
  windows.pass(1, 3ms, 64);  // three times what is usual: allowed
  EXPECT_EQ(limiter.limit(), 64U);
  windows.pass(1, 4ms, 64);
  EXPECT_EQ(limiter.limit(), 48U);
  windows.pass(1, 100ms, 64);
  EXPECT_EQ(limiter.limit(), 24U);  // by half at most
}

TEST(ConcurrencyLimiter, NeverLetsInFewerThanTheLeast) {
  ConcurrencyLimiter limiter(kOptions);
  Windows windows(limiter);
  windows.pass(10, 1ms, 64);
  windows.pass(50, 1s, 64);
  EXPECT_EQ(limiter.limit(), 8U);
}

TEST(ConcurrencyLimiter, BeginningsBelowTheTargetAreNeverTooSlow) {
  ConcurrencyLimiter limiter(kOptions);
  Windows windows(limiter);
  windows.pass(10, 100us, 64);
  windows.pass(50, 2ms, 64);  // twenty times what is usual
  EXPECT_EQ(limiter.limit(), 64U);
  windows.pass(1, 2ms + 100us, 64);
  EXPECT_LT(limiter.limit(), 64U);
}

TEST(ConcurrencyLimiter, LearnsWhatIsUsualFromQuietWindowsOnly) {
  ConcurrencyLimiter limiter(kOptions);
  Windows windows(limiter);
  windows.pass(1, 1ms, 1);
  windows.pass(100, 5ms, 8);
  EXPECT_EQ(limiter.usual(), 1ms);
  windows.pass(100, 5ms, 1);
  EXPECT_NEAR(base::to_seconds(limiter.usual()), 0.005, 0.0005);
  windows.pass(1, 1ms, 1);
  EXPECT_EQ(limiter.usual(), 1ms);
}

TEST(ConcurrencyLimiter, SaysNothingBeforeAWindowIsFull) {
  ConcurrencyLimiter limiter(kOptions);
  const base::SteadyTime now{1h};
  for (int i = 0; i < 100; ++i) limiter.record(now + 99ms, 1s, 64);
  EXPECT_EQ(limiter.usual(), base::Duration(0));
  for (int i = 0; i < 6; ++i) limiter.record(now + i * 10s, 1s, 64);  // time alone is not enough
  EXPECT_NE(limiter.usual(), base::Duration(0));
}

TEST(ConcurrencyLimiter, WhatNeedsNoStorageDoesNotMakeStorageLookSlow) {
  ConcurrencyLimiter limiter(kOptions);
  Windows windows(limiter);
  windows.pass(50, 7ms, 64);
  windows.pass(50, 1ms, 64, ConcurrencyLimiter::Kind::stateless);
  windows.pass(1, 7ms, 64);
  EXPECT_EQ(limiter.limit(), 64U);
  windows.pass(1, 7ms, 64, ConcurrencyLimiter::Kind::stateless);  // of its own kind this is slow
  EXPECT_LT(limiter.limit(), 64U);
}

constexpr bool kRefusing = true;

ConcurrencyLimiter grown_to_sixty_four() {
  ConcurrencyLimiter limiter(kOptions);
  Windows(limiter).pass(50, 1ms, 64);
  return limiter;
}

void look(ConcurrencyLimiter& limiter, int times, base::Duration late, bool refusing) {
  for (int i = 0; i < times; ++i) limiter.record_lag(late, refusing);
}

TEST(ConcurrencyLimitInACrowd, FromTheThirdLateLookInARowOnEachHalvesTheTurns) {
  ConcurrencyLimiter limiter = grown_to_sixty_four();
  look(limiter, 2, 2ms, kRefusing);
  EXPECT_EQ(limiter.limit(), 64U);
  look(limiter, 1, 2ms, kRefusing);
  EXPECT_EQ(limiter.limit(), 32U);
  look(limiter, 1, 2ms, kRefusing);
  EXPECT_EQ(limiter.limit(), 16U);
}

TEST(ConcurrencyLimitInACrowd, OneLookInTimeBeginsTheRowAnew) {
  ConcurrencyLimiter limiter = grown_to_sixty_four();
  for (int i = 0; i < 10; ++i) {
    look(limiter, 2, 2ms, kRefusing);
    look(limiter, 1, 1ms, kRefusing);  // not later than a quiet machine may be
  }
  EXPECT_EQ(limiter.limit(), 64U);
}

TEST(ConcurrencyLimitInACrowd, ALateLoopThatRefusesNobodyIsLeftAlone) {
  ConcurrencyLimiter limiter = grown_to_sixty_four();
  look(limiter, 100, 1s, !kRefusing);
  EXPECT_EQ(limiter.limit(), 64U);
}

TEST(ConcurrencyLimitInACrowd, GoesBelowTheLeastButAlwaysLetsSomeIn) {
  ConcurrencyLimiter limiter = grown_to_sixty_four();
  look(limiter, 1000, 1s, kRefusing);
  EXPECT_EQ(limiter.limit(), kOptions.least_in_crowd);
  Windows(limiter).pass(1, 1s, 64);  // slow beginnings are no reason to let more in
  EXPECT_EQ(limiter.limit(), kOptions.least_in_crowd);
}

// The next burst shall not meet what the last one left.
TEST(ConcurrencyLimitInACrowd, ComesBackToTheLeastWhenItIsOverThoughFewAreAtWork) {
  ConcurrencyLimiter limiter = grown_to_sixty_four();
  look(limiter, 1000, 1s, kRefusing);
  look(limiter, 1, 0ms, !kRefusing);
  Windows(limiter).pass(100, 1ms, 1);
  EXPECT_EQ(limiter.limit(), kOptions.least);
}

TEST(ConcurrencyLimitInACrowd, ComesBackThoughTheMachineHasBecomeSlowerMeanwhile) {
  ConcurrencyLimiter limiter = grown_to_sixty_four();
  look(limiter, 1000, 1s, kRefusing);
  look(limiter, 1, 0ms, !kRefusing);
  Windows(limiter).pass(100, 20ms, 1);  // of one alone
  EXPECT_EQ(limiter.limit(), kOptions.least);
}

TEST(ConcurrencyLimitInACrowd, DoesNotGrowWhileTheLoopIsLate) {
  ConcurrencyLimiter limiter = grown_to_sixty_four();
  look(limiter, 3, 2ms, kRefusing);
  Windows(limiter).pass(10, 1ms, 64);
  EXPECT_EQ(limiter.limit(), 32U);
  look(limiter, 1, 0ms, kRefusing);
  Windows(limiter).pass(1, 1ms, 64);
  EXPECT_EQ(limiter.limit(), 36U);
}

}  // namespace
}  // namespace chatcore

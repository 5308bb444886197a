#include "chatcore/pace.h"

#include <gtest/gtest.h>

namespace chatcore {
namespace {

using namespace std::chrono_literals;

constexpr PaceOptions kOptions{
    .first = 8, .least = 8, .most = 64, .tolerance = 3, .target = 2ms, .window = 100ms, .lateness = 1ms};

// Whole windows of turns that all take the same, with `beginning` of them at once.
class Windows {
 public:
  explicit Windows(Pace& pace) : pace_(pace) {}
  void pass(int windows, base::Duration took, std::size_t beginning, Pace::Kind kind = Pace::Kind::stored) {
    for (int i = 0; i < windows * 11; ++i) {
      pace_.begun(now_, took, beginning, kind);
      now_ += 10ms;
    }
  }

 private:
  Pace& pace_;
  base::SteadyTime now_{1h};
};

TEST(Pace, BeginsWithItsFirstGuess) { EXPECT_EQ(Pace({.first = 9}).limit(), 9U); }

TEST(Pace, LetsMoreInWhileBeginningsAreQuickAndPlacesAreUsed) {
  Pace pace(kOptions);
  Windows windows(pace);
  windows.pass(1, 1ms, 8);
  EXPECT_EQ(pace.limit(), 9U);
  windows.pass(50, 1ms, 64);
  EXPECT_EQ(pace.limit(), 64U);
}

TEST(Pace, DoesNotGrowWithPlacesThatNobodyUses) {
  Pace pace(kOptions);
  Windows(pace).pass(20, 1ms, 7);
  EXPECT_EQ(pace.limit(), 8U);
}

TEST(Pace, BacksOffWhenBeginningsTakeLongerThanAllowed) {
  Pace pace(kOptions);
  Windows windows(pace);
  windows.pass(50, 1ms, 64);
  windows.pass(1, 3ms, 64);  // three times what is usual: allowed
  EXPECT_EQ(pace.limit(), 64U);
  windows.pass(1, 4ms, 64);
  EXPECT_EQ(pace.limit(), 48U);
  windows.pass(1, 100ms, 64);
  EXPECT_EQ(pace.limit(), 24U);  // by half at most
}

TEST(Pace, NeverLetsInFewerThanTheLeast) {
  Pace pace(kOptions);
  Windows windows(pace);
  windows.pass(10, 1ms, 64);
  windows.pass(50, 1s, 64);
  EXPECT_EQ(pace.limit(), 8U);
}

TEST(Pace, BeginningsBelowTheTargetAreNeverTooSlow) {
  Pace pace(kOptions);
  Windows windows(pace);
  windows.pass(10, 100us, 64);
  windows.pass(50, 2ms, 64);  // twenty times what is usual
  EXPECT_EQ(pace.limit(), 64U);
  windows.pass(1, 2ms + 100us, 64);
  EXPECT_LT(pace.limit(), 64U);
}

TEST(Pace, LearnsWhatIsUsualFromQuietWindowsOnly) {
  Pace pace(kOptions);
  Windows windows(pace);
  windows.pass(1, 1ms, 1);
  windows.pass(100, 5ms, 8);
  EXPECT_EQ(pace.usual(), 1ms);
  windows.pass(100, 5ms, 1);
  EXPECT_NEAR(base::to_seconds(pace.usual()), 0.005, 0.0005);
  windows.pass(1, 1ms, 1);
  EXPECT_EQ(pace.usual(), 1ms);
}

TEST(Pace, SaysNothingBeforeAWindowIsFull) {
  Pace pace(kOptions);
  const base::SteadyTime now{1h};
  for (int i = 0; i < 100; ++i) pace.begun(now + 99ms, 1s, 64);
  EXPECT_EQ(pace.usual(), base::Duration(0));
  for (int i = 0; i < 6; ++i) pace.begun(now + i * 10s, 1s, 64);  // time alone is not enough
  EXPECT_NE(pace.usual(), base::Duration(0));
}

TEST(Pace, WhatNeedsNoStorageDoesNotMakeStorageLookSlow) {
  Pace pace(kOptions);
  Windows windows(pace);
  windows.pass(50, 7ms, 64);
  windows.pass(50, 1ms, 64, Pace::Kind::stateless);
  windows.pass(1, 7ms, 64);
  EXPECT_EQ(pace.limit(), 64U);
  windows.pass(1, 7ms, 64, Pace::Kind::stateless);  // of its own kind this is slow
  EXPECT_LT(pace.limit(), 64U);
}

constexpr bool kRefusing = true;

Pace grown_to_sixty_four() {
  Pace pace(kOptions);
  Windows(pace).pass(50, 1ms, 64);
  return pace;
}

void look(Pace& pace, int times, base::Duration late, bool refusing) {
  for (int i = 0; i < times; ++i) pace.looked(late, refusing);
}

TEST(PaceInACrowd, FromTheThirdLateLookInARowOnEachHalvesTheTurns) {
  Pace pace = grown_to_sixty_four();
  look(pace, 2, 2ms, kRefusing);
  EXPECT_EQ(pace.limit(), 64U);
  look(pace, 1, 2ms, kRefusing);
  EXPECT_EQ(pace.limit(), 32U);
  look(pace, 1, 2ms, kRefusing);
  EXPECT_EQ(pace.limit(), 16U);
}

TEST(PaceInACrowd, OneLookInTimeBeginsTheRowAnew) {
  Pace pace = grown_to_sixty_four();
  for (int i = 0; i < 10; ++i) {
    look(pace, 2, 2ms, kRefusing);
    look(pace, 1, 1ms, kRefusing);  // not later than a quiet machine may be
  }
  EXPECT_EQ(pace.limit(), 64U);
}

TEST(PaceInACrowd, ALateLoopThatRefusesNobodyIsLeftAlone) {
  Pace pace = grown_to_sixty_four();
  look(pace, 100, 1s, !kRefusing);
  EXPECT_EQ(pace.limit(), 64U);
}

TEST(PaceInACrowd, GoesBelowTheLeastButAlwaysLetsSomeIn) {
  Pace pace = grown_to_sixty_four();
  look(pace, 1000, 1s, kRefusing);
  EXPECT_EQ(pace.limit(), kOptions.least_in_crowd);
  Windows(pace).pass(1, 1s, 64);  // slow beginnings are no reason to let more in
  EXPECT_EQ(pace.limit(), kOptions.least_in_crowd);
}

// The next burst shall not meet what the last one left.
TEST(PaceInACrowd, ComesBackToTheLeastWhenItIsOverThoughFewAreAtWork) {
  Pace pace = grown_to_sixty_four();
  look(pace, 1000, 1s, kRefusing);
  look(pace, 1, 0ms, !kRefusing);
  Windows(pace).pass(100, 1ms, 1);
  EXPECT_EQ(pace.limit(), kOptions.least);
}

TEST(PaceInACrowd, ComesBackThoughTheMachineHasBecomeSlowerMeanwhile) {
  Pace pace = grown_to_sixty_four();
  look(pace, 1000, 1s, kRefusing);
  look(pace, 1, 0ms, !kRefusing);
  Windows(pace).pass(100, 20ms, 1);  // of one alone
  EXPECT_EQ(pace.limit(), kOptions.least);
}

TEST(PaceInACrowd, DoesNotGrowWhileTheLoopIsLate) {
  Pace pace = grown_to_sixty_four();
  look(pace, 3, 2ms, kRefusing);
  Windows(pace).pass(10, 1ms, 64);
  EXPECT_EQ(pace.limit(), 32U);
  look(pace, 1, 0ms, kRefusing);
  Windows(pace).pass(1, 1ms, 64);
  EXPECT_EQ(pace.limit(), 36U);
}

}  // namespace
}  // namespace chatcore

#include "chatcore/memory/pressure.h"

#include <gtest/gtest.h>

namespace chatcore::memory {
namespace {

using base::Bytes;
using base::mebibytes;
using namespace std::chrono_literals;

constexpr Bytes kConfigured = mebibytes(256);
constexpr Bytes kBaseline = mebibytes(20);
constexpr Bytes kLimit = mebibytes(1000);
const base::SteadyTime kStart{1h};

// Half the budget is held; resident as `ratio` explains, and slack besides.
MemoryReading reading(double ratio = 1.0, Bytes beyond = {0}) {
  const Bytes accounted = mebibytes(100);
  const Bytes explained{static_cast<std::int64_t>(ratio * static_cast<double>(accounted.count))};
  return {.resident = kBaseline + explained + beyond, .accounted = accounted};
}

MemoryReading at_working_set(Bytes bytes) {
  MemoryReading now = reading();
  now.working_set = bytes;
  now.cgroup_limit = kLimit;
  return now;
}

Pressure begun(PressureOptions options = {}) {
  Pressure pressure(options, kConfigured);
  pressure.look(kStart, {.resident = kBaseline, .accounted = {0}});
  return pressure;
}

TEST(Pressure, LeavesABudgetAloneThatIsExplained) {
  Pressure pressure = begun();
  const auto verdict = pressure.look(kStart + 1s, reading());
  EXPECT_EQ(verdict.cause, PressureCause::none);
  EXPECT_EQ(verdict.limit, kConfigured);
}

TEST(Pressure, TightensOneByteBeyondWhatTheAccountsExplain) {
  const PressureOptions options;
  Pressure pressure = begun();
  EXPECT_EQ(pressure.look(kStart + 1s, reading(options.explained_ratio, options.slack)).cause, PressureCause::none);
  const auto verdict = pressure.look(kStart + 2s, reading(options.explained_ratio, options.slack + Bytes{1}));
  EXPECT_EQ(verdict.cause, PressureCause::drift);
  EXPECT_EQ(verdict.limit, mebibytes(85));  // of the 100 that are held
}

TEST(Pressure, TightensAtEightyFivePercentOfTheCgroupsLimit) {
  Pressure pressure = begun();
  EXPECT_EQ(pressure.look(kStart + 1s, at_working_set(mebibytes(850) - Bytes{1})).cause, PressureCause::none);
  const auto verdict = pressure.look(kStart + 2s, at_working_set(mebibytes(850)));
  EXPECT_EQ(verdict.cause, PressureCause::near_limit);
  EXPECT_EQ(verdict.limit, mebibytes(85));
}

TEST(Pressure, ACgroupWithoutALimitIsNeverNear) {
  Pressure pressure = begun();
  MemoryReading now = at_working_set(mebibytes(850));
  now.cgroup_limit = Bytes::unlimited();
  EXPECT_EQ(pressure.look(kStart + 1s, now).cause, PressureCause::none);
}

TEST(Pressure, MissingReadingsTightenNothing) {
  Pressure pressure = begun();
  EXPECT_EQ(pressure.look(kStart + 1s, {.resident = std::nullopt, .accounted = mebibytes(100)}).cause,
            PressureCause::none);
  MemoryReading now = at_working_set({0});
  now.working_set.reset();
  EXPECT_EQ(pressure.look(kStart + 2s, now).cause, PressureCause::none);
}

TEST(Pressure, WaitsBetweenTwoCutsUntilTheFirstCanShow) {
  Pressure pressure = begun();
  EXPECT_EQ(pressure.look(kStart + 1s, at_working_set(mebibytes(900))).limit, mebibytes(85));
  EXPECT_EQ(pressure.look(kStart + 3s - 1ns, at_working_set(mebibytes(900))).limit, mebibytes(85));
  MemoryReading now = at_working_set(mebibytes(900));
  now.accounted = mebibytes(80);
  EXPECT_EQ(pressure.look(kStart + 3s, now).limit, mebibytes(68));
}

TEST(Pressure, NeverTightensBelowAnEighthOfWhatIsConfigured) {
  Pressure pressure = begun();
  for (int i = 1; i < 100; ++i) {
    MemoryReading now = at_working_set(mebibytes(999));
    now.accounted = mebibytes(1);
    pressure.look(kStart + i * 10s, now);
  }
  EXPECT_EQ(pressure.limit(), mebibytes(32));
}

TEST(Pressure, LoosensAStepOnlyAfterTheWholeTimeOfCalm) {
  Pressure pressure = begun();
  pressure.look(kStart + 1s, at_working_set(mebibytes(900)));
  const auto calm = at_working_set(mebibytes(700));
  EXPECT_EQ(pressure.look(kStart + 10s, calm).cause, PressureCause::none);
  EXPECT_EQ(pressure.look(kStart + 40s - 1ns, calm).cause, PressureCause::none);
  const auto verdict = pressure.look(kStart + 40s, calm);
  EXPECT_EQ(verdict.cause, PressureCause::calm);
  EXPECT_EQ(verdict.limit, mebibytes(85 + 32));
  EXPECT_EQ(pressure.look(kStart + 70s - 1ns, calm).cause, PressureCause::none);
  EXPECT_EQ(pressure.look(kStart + 70s, calm).limit, mebibytes(85 + 64));
}

TEST(Pressure, LoosensUpToWhatIsConfiguredAndNoFurther) {
  Pressure pressure = begun();
  pressure.look(kStart + 1s, at_working_set(mebibytes(900)));
  for (int i = 1; i < 20; ++i) pressure.look(kStart + i * 60s, at_working_set(mebibytes(700)));
  EXPECT_EQ(pressure.limit(), kConfigured);
  EXPECT_EQ(pressure.look(kStart + 1h, at_working_set(mebibytes(700))).cause, PressureCause::none);
}

TEST(Pressure, BetweenCalmAndNearItHoldsStill) {
  Pressure pressure = begun();
  pressure.look(kStart + 1s, at_working_set(mebibytes(900)));
  for (int i = 1; i < 20; ++i) {
    EXPECT_EQ(pressure.look(kStart + i * 60s, at_working_set(mebibytes(750))).cause, PressureCause::none);
  }
  EXPECT_EQ(pressure.limit(), mebibytes(85));
}

TEST(Pressure, CalmThatWasBrokenBeginsAnew) {
  Pressure pressure = begun();
  pressure.look(kStart + 1s, at_working_set(mebibytes(900)));
  pressure.look(kStart + 10s, at_working_set(mebibytes(700)));
  pressure.look(kStart + 20s, at_working_set(mebibytes(800)));
  pressure.look(kStart + 30s, at_working_set(mebibytes(700)));
  EXPECT_EQ(pressure.look(kStart + 59s, at_working_set(mebibytes(700))).cause, PressureCause::none);
  EXPECT_EQ(pressure.look(kStart + 60s, at_working_set(mebibytes(700))).cause, PressureCause::calm);
}

TEST(Pressure, ABudgetThatIsOffIsNeverTightened) {
  Pressure pressure({}, Bytes::unlimited());
  pressure.look(kStart, {.resident = kBaseline, .accounted = {0}});
  const auto verdict = pressure.look(kStart + 1s, at_working_set(mebibytes(999)));
  EXPECT_EQ(verdict.cause, PressureCause::none);
  EXPECT_TRUE(verdict.limit.is_unlimited());
}

TEST(Pressure, TellsTheRatioFromAMebibyteOn) {
  Pressure pressure = begun();
  pressure.look(kStart + 1s, {.resident = kBaseline, .accounted = mebibytes(1) - Bytes{1}});
  EXPECT_FALSE(pressure.ratio());
  pressure.look(kStart + 2s, reading(1.5));
  ASSERT_TRUE(pressure.ratio());
  EXPECT_DOUBLE_EQ(*pressure.ratio(), 1.5);
}

TEST(Pressure, WhatIsThereAtTheFirstReadingIsNoGrowth) {
  Pressure pressure({}, kConfigured);
  EXPECT_EQ(pressure.look(kStart, {.resident = mebibytes(2000), .accounted = {0}}).cause, PressureCause::none);
  EXPECT_EQ(pressure.look(kStart + 1s, {.resident = mebibytes(2048), .accounted = {0}}).cause, PressureCause::none);
  EXPECT_EQ(pressure.look(kStart + 2s, {.resident = mebibytes(2049), .accounted = {0}}).cause, PressureCause::drift);
}

}  // namespace
}  // namespace chatcore::memory

#include "base/rate_gate.h"

#include <gtest/gtest.h>

namespace base {
namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using std::chrono::seconds;

const SteadyTime kBegin{std::chrono::hours(1)};

TEST(RateGate, LetsTheBurstInAndThenOneAnInterval) {
  const Rate rate{.per_second = 2, .burst = 3};
  RateGate gate;
  for (int i = 0; i < 3; ++i) EXPECT_FALSE(gate.pass(rate, kBegin));
  EXPECT_EQ(gate.pass(rate, kBegin), milliseconds(500));
  EXPECT_EQ(gate.pass(rate, kBegin + milliseconds(499)), milliseconds(1));
  EXPECT_FALSE(gate.pass(rate, kBegin + milliseconds(500)));
  EXPECT_EQ(gate.pass(rate, kBegin + milliseconds(500)), milliseconds(500));
}

TEST(RateGate, OneNanosecondBeforeIsTooEarly) {
  const Rate rate{.per_second = 0.1, .burst = 1};
  RateGate gate;
  EXPECT_FALSE(gate.pass(rate, kBegin));
  EXPECT_EQ(gate.pass(rate, kBegin + seconds(10) - nanoseconds(1)), nanoseconds(1));
  EXPECT_FALSE(gate.pass(rate, kBegin + seconds(10)));
}

TEST(RateGate, APauseFillsTheBurstAgainAndNoMore) {
  const Rate rate{.per_second = 1, .burst = 2};
  RateGate gate;
  for (int i = 0; i < 2; ++i) EXPECT_FALSE(gate.pass(rate, kBegin));
  const auto later = kBegin + std::chrono::hours(100);
  for (int i = 0; i < 2; ++i) EXPECT_FALSE(gate.pass(rate, later));
  EXPECT_TRUE(gate.pass(rate, later));
}

TEST(RateGate, RefusedOnesCostNothing) {
  const Rate rate{.per_second = 1, .burst = 1};
  RateGate gate;
  EXPECT_FALSE(gate.pass(rate, kBegin));
  for (int i = 0; i < 1000; ++i) EXPECT_TRUE(gate.pass(rate, kBegin + milliseconds(i)));
  EXPECT_FALSE(gate.pass(rate, kBegin + seconds(1)));
}

TEST(RateGate, TheSlowestRateWithTheLargestBurstDoesNotOverflow) {
  const Rate rate{.per_second = kSlowestRate, .burst = kMaxBurst};
  RateGate gate;
  for (std::size_t i = 0; i < kMaxBurst; ++i) ASSERT_FALSE(gate.pass(rate, kBegin)) << i;
  EXPECT_EQ(gate.pass(rate, kBegin), std::chrono::hours(24));
}

TEST(RateGate, WhatIsGivenBackMayPassAgain) {
  const Rate rate{.per_second = 1, .burst = 2};
  RateGate gate;
  EXPECT_TRUE(gate.is_full(kBegin));
  for (int i = 0; i < 2; ++i) EXPECT_FALSE(gate.pass(rate, kBegin));
  EXPECT_TRUE(gate.pass(rate, kBegin));
  gate.give_back(rate);
  EXPECT_FALSE(gate.pass(rate, kBegin));
  EXPECT_TRUE(gate.pass(rate, kBegin));
  EXPECT_FALSE(gate.is_full(kBegin + milliseconds(1999)));
  EXPECT_TRUE(gate.is_full(kBegin + seconds(2)));
}

}  // namespace
}  // namespace base

#include "base/rate_limiter.h"

#include <gtest/gtest.h>

namespace base {
namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using std::chrono::seconds;

const SteadyTime kBegin{std::chrono::hours(1)};

TEST(RateLimiter, AdmitsTheBurstAndThenOneAnInterval) {
  const RateLimit limit{.per_second = 2, .burst = 3};
  RateLimiter limiter;
  for (int i = 0; i < 3; ++i) EXPECT_FALSE(limiter.admit(limit, kBegin));
  EXPECT_EQ(limiter.admit(limit, kBegin), milliseconds(500));
  EXPECT_EQ(limiter.admit(limit, kBegin + milliseconds(499)), milliseconds(1));
  EXPECT_FALSE(limiter.admit(limit, kBegin + milliseconds(500)));
  EXPECT_EQ(limiter.admit(limit, kBegin + milliseconds(500)), milliseconds(500));
}

TEST(RateLimiter, OneNanosecondBeforeIsTooEarly) {
  const RateLimit limit{.per_second = 0.1, .burst = 1};
  RateLimiter limiter;
  EXPECT_FALSE(limiter.admit(limit, kBegin));
  EXPECT_EQ(limiter.admit(limit, kBegin + seconds(10) - nanoseconds(1)), nanoseconds(1));
  EXPECT_FALSE(limiter.admit(limit, kBegin + seconds(10)));
}

TEST(RateLimiter, APauseFillsTheBurstAgainAndNoMore) {
  const RateLimit limit{.per_second = 1, .burst = 2};
  RateLimiter limiter;
  for (int i = 0; i < 2; ++i) EXPECT_FALSE(limiter.admit(limit, kBegin));
  const auto later = kBegin + std::chrono::hours(100);
  for (int i = 0; i < 2; ++i) EXPECT_FALSE(limiter.admit(limit, later));
  EXPECT_TRUE(limiter.admit(limit, later));
}

TEST(RateLimiter, RefusedOnesCostNothing) {
  const RateLimit limit{.per_second = 1, .burst = 1};
  RateLimiter limiter;
  EXPECT_FALSE(limiter.admit(limit, kBegin));
  for (int i = 0; i < 1000; ++i) EXPECT_TRUE(limiter.admit(limit, kBegin + milliseconds(i)));
  EXPECT_FALSE(limiter.admit(limit, kBegin + seconds(1)));
}

TEST(RateLimiter, TheSlowestRateWithTheLargestBurstDoesNotOverflow) {
  const RateLimit limit{.per_second = kSlowestRate, .burst = kMaxBurst};
  RateLimiter limiter;
  for (std::size_t i = 0; i < kMaxBurst; ++i) ASSERT_FALSE(limiter.admit(limit, kBegin)) << i;
  EXPECT_EQ(limiter.admit(limit, kBegin), std::chrono::hours(24));
}

TEST(RateLimiter, WhatIsRefundedMayComeAgain) {
  const RateLimit limit{.per_second = 1, .burst = 2};
  RateLimiter limiter;
  EXPECT_TRUE(limiter.is_full(kBegin));
  for (int i = 0; i < 2; ++i) EXPECT_FALSE(limiter.admit(limit, kBegin));
  EXPECT_TRUE(limiter.admit(limit, kBegin));
  limiter.refund(limit);
  EXPECT_FALSE(limiter.admit(limit, kBegin));
  EXPECT_TRUE(limiter.admit(limit, kBegin));
  EXPECT_FALSE(limiter.is_full(kBegin + milliseconds(1999)));
  EXPECT_TRUE(limiter.is_full(kBegin + seconds(2)));
}

}  // namespace
}  // namespace base

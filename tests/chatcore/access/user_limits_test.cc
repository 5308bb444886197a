#include "chatcore/access/user_limits.h"

#include <gtest/gtest.h>

namespace chatcore::access {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

const base::SteadyTime kBegin{std::chrono::hours(1)};

TEST(UserLimits, RetryAfterIsTheSecondThatLetsIn) {
  UserLimits limits({.requests_per_second = 0.4, .burst = 1});
  EXPECT_FALSE(limits.check_rate("alice", kBegin));
  const auto wait = limits.check_rate("alice", kBegin);
  EXPECT_EQ(wait, seconds(3)) << "2.5 s, told in whole seconds";
  EXPECT_TRUE(limits.check_rate("alice", kBegin + *wait - seconds(1)));
  EXPECT_FALSE(limits.check_rate("alice", kBegin + *wait));
}

TEST(UserLimits, OneUserDoesNotSpendAnothers) {
  UserLimits limits({.requests_per_second = 1, .burst = 1});
  EXPECT_FALSE(limits.check_rate("alice", kBegin));
  EXPECT_TRUE(limits.check_rate("alice", kBegin));
  EXPECT_FALSE(limits.check_rate("bob", kBegin));
}

TEST(UserLimits, WithoutARateEverythingPassesAndNobodyIsRemembered) {
  UserLimits limits({});
  for (int i = 0; i < 1000; ++i) EXPECT_FALSE(limits.check_rate("alice", kBegin));
  const auto stream = limits.begin_stream("alice");
  EXPECT_TRUE(stream);
  EXPECT_EQ(limits.users(), 0U);
}

TEST(UserLimits, StreamsUnderWayAreCountedAndGivenBack) {
  UserLimits limits({.streams = 2});
  auto first = limits.begin_stream("alice");
  const auto second = limits.begin_stream("alice");
  EXPECT_TRUE(first && second);
  EXPECT_FALSE(limits.begin_stream("alice"));
  EXPECT_TRUE(limits.begin_stream("bob"));
  first.reset();
  EXPECT_TRUE(limits.begin_stream("alice"));
}

TEST(UserLimits, NewSettingsHoldFromTheNextRequestOn) {
  UserLimits limits({.requests_per_second = 1, .burst = 1, .streams = 1});
  const auto stream = limits.begin_stream("alice");
  EXPECT_FALSE(limits.begin_stream("alice"));
  EXPECT_FALSE(limits.check_rate("alice", kBegin));
  EXPECT_TRUE(limits.check_rate("alice", kBegin));
  limits.configure({.requests_per_second = 100, .burst = 50, .streams = 2});
  EXPECT_TRUE(limits.begin_stream("alice"));
  EXPECT_FALSE(limits.check_rate("alice", kBegin));
}

TEST(UserLimits, TheTableIsBoundedAndForgetsWhoWasUnheardOfForLongest) {
  UserLimits limits({.requests_per_second = 1, .burst = 1}, nullptr, 160);
  for (int i = 0; i < 10'000; ++i) limits.check_rate("user" + std::to_string(i), kBegin);
  EXPECT_LE(limits.users(), 160U);
  EXPECT_GT(limits.users(), 100U);
  EXPECT_TRUE(limits.check_rate("user9999", kBegin)) << "the newest is remembered";
  EXPECT_FALSE(limits.check_rate("user0", kBegin)) << "the oldest is not";
}

TEST(UserLimits, AUserWithAStreamIsNotForgotten) {
  UserLimits limits({.requests_per_second = 1, .burst = 1, .streams = 1}, nullptr, 16);
  const auto stream = limits.begin_stream("alice");
  for (int i = 0; i < 1000; ++i) limits.check_rate("user" + std::to_string(i), kBegin);
  EXPECT_FALSE(limits.begin_stream("alice"));
}

TEST(UserLimits, WhatIsForgottenIsNotCountedAnyMore) {
  std::int64_t held = 0;
  UserLimits limits(
      {.requests_per_second = 1, .burst = 1}, [&](base::Bytes change) { held += change.count; }, 16);
  limits.check_rate(std::string(100, 'a'), kBegin);
  const std::int64_t one = held;
  EXPECT_GT(one, 100);
  for (int i = 0; i < 1000; ++i) limits.check_rate(std::string(100, 'a') + std::to_string(i), kBegin);
  EXPECT_LE(held, 16 * (one + 32));
  EXPECT_GT(held, one);
}

}  // namespace
}  // namespace chatcore::access

#include "chatcore/llm/circuit_breaker.h"

#include <gtest/gtest.h>

namespace chatcore::llm {
namespace {

using namespace std::chrono_literals;

constexpr base::SteadyTime kStart{1h};

Caller conversation(std::size_t which) { return {.user = 0, .conversation = which}; }

void fail_in(CircuitBreaker& breaker, std::initializer_list<std::size_t> conversations) {
  for (const auto one : conversations) breaker.failed(kStart, conversation(one), false);
}

CircuitBreaker opened() {
  CircuitBreaker breaker({.failures = 3, .cooldown = 10s});
  fail_in(breaker, {1, 2, 3});
  return breaker;
}

TEST(CircuitBreaker, OpensWithTheLastOfItsFailuresInARow) {
  CircuitBreaker breaker({.failures = 3, .cooldown = 10s});
  fail_in(breaker, {1, 2});
  EXPECT_EQ(breaker.state(kStart), BreakerState::closed);
  EXPECT_FALSE(breaker.admit(kStart, conversation(9)).wait);
  fail_in(breaker, {1});
  EXPECT_EQ(breaker.state(kStart), BreakerState::open);
  EXPECT_EQ(breaker.admit(kStart + 1s, conversation(9)).wait, 9s);
  EXPECT_TRUE(breaker.is_open_for(kStart + 1s, conversation(9)));
}

TEST(CircuitBreaker, ASuccessBetweenBeginsTheCountAnew) {
  CircuitBreaker breaker({.failures = 3, .cooldown = 10s});
  for (int i = 0; i < 10; ++i) {
    fail_in(breaker, {1, 2});
    breaker.succeeded(conversation(3), false);
  }
  EXPECT_EQ(breaker.state(kStart), BreakerState::closed);
}

TEST(CircuitBreaker, FailuresOfOneConversationNeverOpenIt) {
  for (const int failures : {1, 2, 5}) {
    CircuitBreaker breaker({.failures = failures});
    for (int i = 0; i < 100; ++i) fail_in(breaker, {1});
    EXPECT_EQ(breaker.state(kStart), BreakerState::closed) << failures;
  }
}

TEST(CircuitBreaker, OneConversationCountsForHalfOfTheFailuresAtMost) {
  CircuitBreaker breaker({.failures = 5, .cooldown = 10s});
  fail_in(breaker, {1, 1, 1, 1, 1, 1, 2});
  EXPECT_EQ(breaker.state(kStart), BreakerState::closed);
  fail_in(breaker, {2});
  EXPECT_EQ(breaker.state(kStart), BreakerState::open);
}

TEST(CircuitBreaker, FailuresOfOneUserOpenItForThatUserOnly) {
  CircuitBreaker breaker({.failures = 4, .cooldown = 10s});
  for (std::size_t i = 1; i <= 50; ++i) breaker.failed(kStart, {.user = 7, .conversation = i}, false);
  const Caller bad{.user = 7, .conversation = 99};
  const Caller other{.user = 8, .conversation = 100};
  EXPECT_TRUE(breaker.admit(kStart, bad).wait);
  EXPECT_FALSE(breaker.admit(kStart, other).wait);
  EXPECT_FALSE(breaker.admit(kStart, other).is_probe);
  breaker.succeeded(other, false);
  EXPECT_TRUE(breaker.admit(kStart, bad).wait) << "another's success says nothing about these requests";
  for (std::size_t i = 1; i <= 2; ++i) breaker.failed(kStart, {.user = 8, .conversation = i}, false);
  EXPECT_FALSE(breaker.admit(kStart, other).wait);
  for (std::size_t i = 1; i <= 2; ++i) breaker.failed(kStart, {.user = 9, .conversation = i}, false);
  EXPECT_TRUE(breaker.admit(kStart, other).wait) << "two more users fail: it is the backend";
}

TEST(CircuitBreaker, LetsOnePassAfterTheCooldownAndNotBefore) {
  auto breaker = opened();
  EXPECT_TRUE(breaker.admit(kStart + 10s - 1ns, conversation(9)).wait);
  EXPECT_EQ(breaker.state(kStart + 10s), BreakerState::half_open);
  EXPECT_TRUE(breaker.admit(kStart + 10s, conversation(9)).is_probe);
  EXPECT_TRUE(breaker.admit(kStart + 10s, conversation(8)).wait);
}

TEST(CircuitBreaker, ClosesWhenTheOneSucceeds) {
  auto breaker = opened();
  EXPECT_TRUE(breaker.admit(kStart + 10s, conversation(9)).is_probe);
  breaker.succeeded(conversation(9), true);
  EXPECT_EQ(breaker.state(kStart + 10s), BreakerState::closed);
  EXPECT_FALSE(breaker.admit(kStart + 10s, conversation(8)).wait);
}

TEST(CircuitBreaker, AfterAFailedProbeOnlyAnotherConversationMayProbe) {
  auto breaker = opened();
  const auto now = kStart + 12s;
  EXPECT_TRUE(breaker.admit(now, conversation(1)).is_probe);
  breaker.failed(now, conversation(1), true);
  EXPECT_EQ(breaker.admit(now, conversation(1)).wait, 10s);
  EXPECT_TRUE(breaker.admit(now, conversation(2)).is_probe);
  breaker.failed(now, conversation(2), true);
  for (const std::size_t one : {1U, 2U, 3U}) EXPECT_EQ(breaker.admit(now, conversation(one)).wait, 10s) << one;
}

TEST(CircuitBreaker, LetsAnotherTryWhenTheOneSaidNothing) {
  auto breaker = opened();
  EXPECT_TRUE(breaker.admit(kStart + 10s, conversation(9)).is_probe);
  breaker.gave_up(true);
  EXPECT_TRUE(breaker.admit(kStart + 10s, conversation(9)).is_probe);
}

TEST(CircuitBreaker, LateFailuresDoNotProlongTheCooldown) {
  auto breaker = opened();
  breaker.failed(kStart + 9s, conversation(4), false);
  EXPECT_TRUE(breaker.admit(kStart + 10s, conversation(9)).is_probe);
}

TEST(CircuitBreaker, NeverOpensWhenOff) {
  CircuitBreaker breaker({.failures = 0});
  for (std::size_t i = 0; i < 100; ++i) fail_in(breaker, {i});
  EXPECT_FALSE(breaker.admit(kStart, conversation(1)).wait);
}

}  // namespace
}  // namespace chatcore::llm

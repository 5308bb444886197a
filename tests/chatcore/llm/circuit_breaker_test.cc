#include "chatcore/llm/circuit_breaker.h"

#include <gtest/gtest.h>

namespace chatcore::llm {
namespace {

using namespace std::chrono_literals;

constexpr base::SteadyTime kStart{1h};

CircuitBreaker opened() {
  CircuitBreaker breaker({.failures = 3, .cooldown = 10s});
  for (int i = 0; i < 3; ++i) breaker.failed(kStart);
  return breaker;
}

TEST(CircuitBreaker, OpensWithTheLastOfItsFailuresInARow) {
  CircuitBreaker breaker({.failures = 3, .cooldown = 10s});
  breaker.failed(kStart);
  breaker.failed(kStart);
  EXPECT_EQ(breaker.state(kStart), BreakerState::closed);
  EXPECT_FALSE(breaker.refusal(kStart));
  breaker.failed(kStart);
  EXPECT_EQ(breaker.state(kStart), BreakerState::open);
  EXPECT_EQ(breaker.refusal(kStart + 1s), 9s);
}

TEST(CircuitBreaker, ASuccessBetweenBeginsTheCountAnew) {
  CircuitBreaker breaker({.failures = 3, .cooldown = 10s});
  for (int i = 0; i < 10; ++i) {
    breaker.failed(kStart);
    breaker.failed(kStart);
    breaker.succeeded();
  }
  EXPECT_EQ(breaker.state(kStart), BreakerState::closed);
}

TEST(CircuitBreaker, LetsOnePassAfterTheCooldownAndNotBefore) {
  auto breaker = opened();
  EXPECT_TRUE(breaker.refusal(kStart + 10s - 1ns));
  EXPECT_EQ(breaker.state(kStart + 10s), BreakerState::half_open);
  EXPECT_FALSE(breaker.refusal(kStart + 10s));
  EXPECT_TRUE(breaker.refusal(kStart + 10s));
}

TEST(CircuitBreaker, ClosesWhenTheOneSucceeds) {
  auto breaker = opened();
  EXPECT_FALSE(breaker.refusal(kStart + 10s));
  breaker.succeeded();
  EXPECT_EQ(breaker.state(kStart + 10s), BreakerState::closed);
  EXPECT_FALSE(breaker.refusal(kStart + 10s));
}

TEST(CircuitBreaker, StaysOpenForAnotherCooldownWhenTheOneFails) {
  auto breaker = opened();
  EXPECT_FALSE(breaker.refusal(kStart + 12s));
  breaker.failed(kStart + 12s);
  EXPECT_EQ(breaker.refusal(kStart + 12s), 10s);
}

TEST(CircuitBreaker, LetsAnotherTryWhenTheOneSaidNothing) {
  auto breaker = opened();
  EXPECT_FALSE(breaker.refusal(kStart + 10s));
  breaker.gave_up();
  EXPECT_FALSE(breaker.refusal(kStart + 10s));
}

TEST(CircuitBreaker, LateFailuresDoNotProlongTheCooldown) {
  auto breaker = opened();
  breaker.failed(kStart + 9s);
  EXPECT_FALSE(breaker.refusal(kStart + 10s));
}

TEST(CircuitBreaker, NeverOpensWhenOff) {
  CircuitBreaker breaker({.failures = 0});
  for (int i = 0; i < 100; ++i) breaker.failed(kStart);
  EXPECT_FALSE(breaker.refusal(kStart));
}

}  // namespace
}  // namespace chatcore::llm

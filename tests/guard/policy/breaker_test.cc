#include "guard/policy/breaker.h"

#include <gtest/gtest.h>

namespace guard::policy {
namespace {

using sample::State;

sample::Workload run(State state, const std::string& identity, std::uint64_t starts) {
  sample::Workload workload;
  workload.identity.key = identity;
  workload.lifecycle.state = state;
  workload.lifecycle.starts = starts;
  return workload;
}

Breaker opened() { return {"memory", {}, "container:a", 3, false}; }

TEST(Breaker, StaysOpenWhileTheRunThatWasStoppedIsStillShown) {
  Breaker breaker = opened();
  EXPECT_FALSE(is_started_again(breaker, run(State::running, "container:a", 3))) << "a view older than the stop";
  EXPECT_FALSE(is_started_again(breaker, run(State::stopped, "container:a", 3)));
  EXPECT_FALSE(is_started_again(breaker, run(State::unknown, "", 0)));
  EXPECT_FALSE(is_started_again(breaker, run(State::starting, "container:a", 3)));
}

TEST(Breaker, ClosesWithAnotherRun) {
  Breaker breaker = opened();
  EXPECT_TRUE(is_started_again(breaker, run(State::running, "container:a", 4)));
  breaker = opened();
  EXPECT_TRUE(is_started_again(breaker, run(State::running, "container:b", 1)));
}

TEST(Breaker, ClosesWhenItRunsAfterItWasSeenDown) {
  Breaker breaker{"memory", {}, "", 0, false};  // held since before the agent was started
  EXPECT_FALSE(is_started_again(breaker, run(State::running, "container:a", 1)));
  EXPECT_FALSE(is_started_again(breaker, run(State::stopped, "container:a", 1)));
  EXPECT_TRUE(is_started_again(breaker, run(State::running, "container:a", 1)));
}

TEST(Breaker, ClosesWithARunThatBeganAfterwards) {
  const base::WallTime at(std::chrono::seconds(1000));
  Breaker breaker{"memory", at, "", 0, false};
  sample::Workload workload = run(State::running, "container:a", 1);
  workload.lifecycle.started_at = at - std::chrono::seconds(1);
  EXPECT_FALSE(is_started_again(breaker, workload)) << "the run that was stopped";
  workload.lifecycle.started_at = at + std::chrono::seconds(1);
  EXPECT_TRUE(is_started_again(breaker, workload));
}

}  // namespace
}  // namespace guard::policy

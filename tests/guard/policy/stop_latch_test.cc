#include "guard/policy/stop_latch.h"

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

StopLatch opened() { return {"memory", {}, "container:a", 3, std::nullopt}; }

TEST(StopLatch, StaysOpenWhileTheRunThatWasStoppedIsStillShown) {
  StopLatch stop_latch = opened();
  EXPECT_FALSE(is_started_again(stop_latch, run(State::running, "container:a", 3))) << "a view older than the stop";
  EXPECT_FALSE(is_started_again(stop_latch, run(State::stopped, "container:a", 3)));
  EXPECT_FALSE(is_started_again(stop_latch, run(State::unknown, "", 0)));
  EXPECT_FALSE(is_started_again(stop_latch, run(State::starting, "container:a", 3)));
}

TEST(StopLatch, ClosesWithAnotherRun) {
  StopLatch stop_latch = opened();
  EXPECT_TRUE(is_started_again(stop_latch, run(State::running, "container:a", 4)));
  stop_latch = opened();
  EXPECT_TRUE(is_started_again(stop_latch, run(State::running, "container:b", 1)));
}

TEST(StopLatch, ClosesWhenItRunsAfterItWasSeenDown) {
  StopLatch stop_latch{"memory", {}, "", 0, std::nullopt};  // held since before the agent was started
  EXPECT_FALSE(is_started_again(stop_latch, run(State::running, "container:a", 1)));
  EXPECT_FALSE(is_started_again(stop_latch, run(State::stopped, "container:a", 1)));
  EXPECT_TRUE(is_started_again(stop_latch, run(State::running, "container:a", 1)));
}

TEST(StopLatch, ClosesWithARunThatHasEndedAlready) {
  StopLatch stop_latch = opened();
  EXPECT_FALSE(is_started_again(stop_latch, run(State::stopped, "container:a", 3)));
  EXPECT_TRUE(is_started_again(stop_latch, run(State::starting, "container:a", 4))) << "it crashed and is tried again";
  stop_latch = opened();
  EXPECT_FALSE(is_started_again(stop_latch, run(State::starting, "container:a", 4)))
      << "in a restart loop one more run may have begun before the stop";
  EXPECT_FALSE(is_started_again(stop_latch, run(State::stopped, "container:a", 4)));
  EXPECT_TRUE(is_started_again(stop_latch, run(State::stopped, "container:a", 5)));
}

TEST(StopLatch, ClosesWithARunThatBeganAfterwards) {
  const base::WallTime at(std::chrono::seconds(1000));
  StopLatch stop_latch{"memory", at, "", 0, std::nullopt};
  sample::Workload workload = run(State::running, "container:a", 1);
  workload.lifecycle.started_at = at - std::chrono::seconds(1);
  EXPECT_FALSE(is_started_again(stop_latch, workload)) << "the run that was stopped";
  workload.lifecycle.started_at = at + std::chrono::seconds(1);
  EXPECT_TRUE(is_started_again(stop_latch, workload));
}

}  // namespace
}  // namespace guard::policy

#include "guard/signal/runs.h"

#include <gtest/gtest.h>

namespace guard::signal {
namespace {

using sample::ExitReason;
using sample::State;
using std::chrono::minutes;
using std::chrono::seconds;

const base::SteadyTime kBegin(seconds(1000));

// One workload looked at once a second.
class Watch {
 public:
  explicit Watch(base::Duration interval = seconds(1)) : interval_(interval) {}

  // Returns the OOM kills that are new. A negative counter is one that could not be read.
  std::uint64_t see(State state, std::uint64_t starts, ExitReason last_exit = ExitReason::none, int oom_counter = 0) {
    sample::Workload workload;
    workload.identity.key = identity;
    workload.identity.container_id = container_id;
    workload.lifecycle.state = state;
    workload.lifecycle.starts = starts;
    workload.lifecycle.last_exit = last_exit;
    workload.lifecycle.started_at = started_at;
    if (cgroup != 0) workload.cgroup.emplace().inode = cgroup;
    if (oom_counter >= 0) workload.resources.memory.oom_kills = static_cast<std::uint64_t>(oom_counter);
    now += interval_;
    step = observe_run(workload, now, base::WallTime(now.time_since_epoch()), runs);
    return count_oom_kills(workload, step, runs, interval_, now, oom);
  }

  // One look at a container, or at none of that name for "".
  void see_container(const std::string& id, std::uint64_t starts) {
    identity = id.empty() ? "" : "container:" + id;
    container_id = id;
    see(id.empty() ? State::absent : State::running, starts);
  }

  std::string identity = "container:a";
  std::uint64_t cgroup = 0;  // inode; 0: not known
  std::string container_id;  // "" for what is no container
  std::optional<base::WallTime> started_at;
  base::SteadyTime now = kBegin;
  RunStep step;
  RunHistory runs;
  OomHistory oom;

 private:
  base::Duration interval_;
};

constexpr int kUnreadable = -1;

TEST(Restarts, TheFirstStartIsNone) {
  Watch watch;
  watch.see(State::absent, 0);
  watch.see(State::running, 1);
  EXPECT_EQ(watch.runs.restarts_total, 0U);
  EXPECT_TRUE(watch.step.new_run);
}

TEST(Restarts, WhatWasBeforeFirstSightIsNotCounted) {
  Watch watch;
  watch.see(State::running, 7);
  EXPECT_EQ(watch.runs.restarts_total, 0U);
}

TEST(Restarts, SeveralBetweenTwoLooksAllCount) {
  Watch watch;
  watch.see(State::running, 1);
  watch.see(State::running, 4);
  EXPECT_EQ(watch.runs.restarts_total, 3U);
}

TEST(Restarts, AnotherProcessWhoseCountBeganAnewCountsOnce) {
  Watch watch;
  watch.see(State::running, 5);
  watch.identity = "pid:2@9";
  watch.see(State::running, 1);
  EXPECT_EQ(watch.runs.restarts_total, 1U);
}

TEST(Restarts, ThreeRedeploysOfAContainerAreNone) {
  Watch watch;
  watch.see_container("a", 3);
  for (const char* id : {"b", "c", "d"}) {
    watch.see_container("", 0);
    watch.see_container(id, 1);
    EXPECT_TRUE(watch.step.new_run);
  }
  EXPECT_EQ(watch.runs.restarts_total, 0U);
}

TEST(Restarts, ARedeployBetweenTwoLooksIsNone) {
  Watch watch;
  watch.see_container("a", 3);
  watch.see_container("b", 1);
  EXPECT_TRUE(watch.step.new_run);
  EXPECT_EQ(watch.runs.restarts_total, 0U);
}

TEST(Restarts, OfANewContainerCountFromItsSecondStart) {
  Watch watch;
  watch.see_container("a", 1);
  watch.see_container("b", 3);
  EXPECT_EQ(watch.runs.restarts_total, 2U);
  watch.see_container("b", 4);
  EXPECT_EQ(watch.runs.restarts_total, 3U);
}

TEST(Restarts, OfAContainerThatWasOutOfSightAreStillCounted) {
  Watch watch;
  watch.see_container("a", 2);
  watch.see_container("", 0);
  watch.see_container("a", 3);
  EXPECT_EQ(watch.runs.restarts_total, 1U);
}

TEST(Restarts, AnUnknownStateChangesNothing) {
  Watch watch;
  watch.see(State::running, 3);
  watch.identity = "";
  watch.see(State::unknown, 0);
  watch.identity = "container:a";
  watch.see(State::running, 3);
  EXPECT_EQ(watch.runs.restarts_total, 0U);
  EXPECT_FALSE(watch.step.new_run);
  EXPECT_EQ(watch.runs.running_since, kBegin + seconds(1));
}

base::WallTime wall(base::SteadyTime time) { return base::WallTime(time.time_since_epoch()); }

TEST(RunningSince, IsTheStartAlsoWhenTheRunIsSeenLater) {
  Watch watch(seconds(10));
  watch.started_at = wall(kBegin + seconds(8));
  watch.see(State::running, 1);
  EXPECT_EQ(watch.runs.running_since, kBegin + seconds(8));
  watch.started_at = wall(kBegin + seconds(13));
  watch.see(State::running, 2);
  EXPECT_EQ(watch.runs.running_since, kBegin + seconds(13));
}

TEST(RunningSince, IsTheFirstSightWhereTheStartIsOfTheRunBeforeOrTheClockWasSet) {
  Watch watch(seconds(10));
  watch.see(State::running, 1);
  watch.started_at = wall(kBegin - std::chrono::hours(1));
  watch.see(State::running, 2);
  EXPECT_EQ(watch.runs.running_since, kBegin + seconds(20));
  watch.started_at = wall(kBegin + std::chrono::hours(1));
  watch.see(State::running, 3);
  EXPECT_EQ(watch.runs.running_since, kBegin + seconds(30));
}

TEST(Restarts, RememberNoMoreThanTheirBound) {
  Watch watch;
  watch.see(State::running, 1);
  watch.see(State::running, 1'000'000);
  EXPECT_EQ(watch.runs.restarts.size(), RunHistory::kMostRestarts);
  EXPECT_EQ(watch.runs.restarts_total, 999'999U);
}

TEST(RestartLoop, IsMoreRestartsThanTheLimit) {
  Watch watch;
  for (std::uint64_t start = 1; start <= 4; ++start) watch.see(State::running, start);
  EXPECT_FALSE(find_restart_loop(watch.runs, {3, minutes(10)}, watch.now).looping);
  watch.see(State::running, 5);
  EXPECT_TRUE(find_restart_loop(watch.runs, {3, minutes(10)}, watch.now).looping);
}

TEST(RestartLoop, EndsWhenTheWindowHasPassedTheFirstOfThem) {
  Watch watch;
  for (std::uint64_t start = 1; start <= 5; ++start) watch.see(State::running, start);
  const auto first_restart = kBegin + seconds(2);
  const RestartLimit limit{3, minutes(10)};
  EXPECT_TRUE(find_restart_loop(watch.runs, limit, first_restart + minutes(10) - std::chrono::nanoseconds(1)).looping);
  EXPECT_FALSE(find_restart_loop(watch.runs, limit, first_restart + minutes(10)).looping);
}

TEST(RestartLoop, SlowRestartsAreNone) {
  Watch watch(minutes(6));
  for (std::uint64_t start = 1; start <= 10; ++start) watch.see(State::running, start);
  EXPECT_EQ(find_restart_loop(watch.runs, {3, minutes(10)}, watch.now).restarts, 2U);
  EXPECT_FALSE(find_restart_loop(watch.runs, {3, minutes(10)}, watch.now).looping);
}

TEST(OomKills, OfBeforeFirstSightAreNotNew) {
  Watch watch;
  EXPECT_EQ(watch.see(State::running, 1, ExitReason::oom_kill, 5), 0U);
  EXPECT_EQ(watch.see(State::running, 1, ExitReason::oom_kill, 5), 0U);
}

TEST(OomKills, AreTheRiseOfTheCounter) {
  Watch watch;
  watch.see(State::running, 1, ExitReason::none, 5);
  EXPECT_EQ(watch.see(State::running, 1, ExitReason::none, 7), 2U);
  EXPECT_EQ(watch.oom.total, 2U);
}

TEST(OomKills, KillThatTookTheCgroupDownIsSeenByTheExit) {
  Watch watch;
  watch.see(State::running, 1);
  EXPECT_EQ(watch.see(State::running, 2, ExitReason::oom_kill, 0), 1U);
  EXPECT_EQ(watch.see(State::running, 2, ExitReason::oom_kill, 0), 0U);
}

TEST(OomKills, AnExitOfAnotherKindIsNone) {
  Watch watch;
  watch.see(State::running, 1);
  EXPECT_EQ(watch.see(State::running, 2, ExitReason::error, 0), 0U);
}

TEST(OomKills, CounterAndExitOfOneKillCountOnce) {
  Watch watch;
  watch.see(State::running, 1);
  EXPECT_EQ(watch.see(State::running, 1, ExitReason::none, 1), 1U);
  EXPECT_EQ(watch.see(State::stopped, 1, ExitReason::oom_kill, kUnreadable), 0U);
  EXPECT_EQ(watch.see(State::running, 2, ExitReason::oom_kill, 0), 0U);
  EXPECT_EQ(watch.oom.total, 1U);
}

TEST(OomKills, CounterAndExitCountOnceOnAOneMinuteTickToo) {
  Watch watch(minutes(1));
  watch.see(State::running, 1);
  EXPECT_EQ(watch.see(State::running, 1, ExitReason::none, 1), 1U);
  EXPECT_EQ(watch.see(State::running, 2, ExitReason::oom_kill, 0), 0U);
}

TEST(OomKills, AnOldKillOfAChildDoesNotHideTheRunsOwnEnd) {
  Watch watch;
  watch.see(State::running, 1);
  watch.see(State::running, 1, ExitReason::none, 1);
  for (int second = 0; second < 11; ++second) watch.see(State::running, 1, ExitReason::none, 1);
  EXPECT_EQ(watch.see(State::running, 2, ExitReason::oom_kill, 0), 1U);
}

TEST(OomKills, EveryRunOfALoopCounts) {
  Watch watch;
  watch.see(State::running, 1);
  for (std::uint64_t start = 2; start <= 6; ++start) watch.see(State::running, start, ExitReason::oom_kill, 0);
  EXPECT_EQ(watch.oom.total, 5U);
}

TEST(OomKills, APauseBeforeTheRestartCountsOnceWhenTheStartIsCountedAfterIt) {
  Watch watch;
  watch.see(State::running, 1);
  EXPECT_EQ(watch.see(State::starting, 1, ExitReason::oom_kill, kUnreadable), 1U);
  EXPECT_EQ(watch.see(State::starting, 1, ExitReason::oom_kill, kUnreadable), 0U);
  EXPECT_EQ(watch.see(State::running, 2, ExitReason::oom_kill, 0), 0U);
}

TEST(OomKills, APauseBeforeTheRestartCountsOnceWhenTheStartIsCountedBeforeIt) {
  Watch watch;
  watch.see(State::running, 1);
  EXPECT_EQ(watch.see(State::starting, 2, ExitReason::oom_kill, kUnreadable), 1U);
  EXPECT_EQ(watch.see(State::running, 2, ExitReason::oom_kill, 0), 0U);
}

TEST(OomKills, ARunShorterThanATickIsCountedBetweenTwoPauses) {
  Watch watch;
  watch.see(State::running, 1);
  watch.see(State::starting, 2, ExitReason::oom_kill, kUnreadable);
  EXPECT_EQ(watch.see(State::starting, 3, ExitReason::oom_kill, kUnreadable), 1U);
}

TEST(OomKills, ANewCgroupsCounterBeginsAtZero) {
  Watch watch;
  watch.see(State::running, 1, ExitReason::none, 5);
  EXPECT_EQ(watch.see(State::running, 2, ExitReason::error, 2), 2U);
}

TEST(OomKills, OfARunThatBeganUnderOurEyesAllCount) {
  Watch watch;
  watch.see(State::absent, 0, ExitReason::none, kUnreadable);
  EXPECT_EQ(watch.see(State::running, 1, ExitReason::none, 1), 1U);
}

TEST(OomKills, AnUnreadableCounterLosesNothing) {
  Watch watch;
  watch.see(State::running, 1, ExitReason::none, 1);
  EXPECT_EQ(watch.see(State::running, 1, ExitReason::none, kUnreadable), 0U);
  EXPECT_EQ(watch.see(State::running, 1, ExitReason::none, 2), 1U);
}

// The cgroup of a supervised command outlives its runs.
TEST(OomKills, OfACommandAreNotCountedAgainWhenItsCgroupCanBeReadAgain) {
  Watch watch;
  watch.cgroup = 7;
  watch.see(State::running, 1);
  for (int kill = 1; kill <= 6; ++kill) {
    const auto start = static_cast<std::uint64_t>(kill);
    EXPECT_EQ(watch.see(State::starting, start, ExitReason::oom_kill, kUnreadable), 1U);
    EXPECT_EQ(watch.see(State::running, start + 1, ExitReason::oom_kill, kill), 0U);
  }
  EXPECT_EQ(watch.oom.total, 6U);
}

TEST(OomKills, OfTheNextRunStillCountAfterOneThatWasSeenByItsExit) {
  Watch watch;
  watch.cgroup = 7;
  watch.see(State::running, 1);
  watch.see(State::starting, 1, ExitReason::oom_kill, kUnreadable);
  EXPECT_EQ(watch.see(State::running, 2, ExitReason::oom_kill, 2), 1U);
  EXPECT_EQ(watch.see(State::running, 2, ExitReason::oom_kill, 3), 1U);
}

TEST(OomKills, InANewCgroupAreNotTakenForOnesThatWereCountedBefore) {
  Watch watch;
  watch.cgroup = 7;
  watch.see(State::running, 1, ExitReason::none, 1);
  watch.see(State::starting, 1, ExitReason::oom_kill, kUnreadable);
  watch.cgroup = 8;
  EXPECT_EQ(watch.see(State::running, 2, ExitReason::oom_kill, 1), 1U);
}

}  // namespace
}  // namespace guard::signal

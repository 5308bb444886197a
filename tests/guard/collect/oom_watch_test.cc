#include "guard/collect/oom_watch.h"

#include <string>

#include <gtest/gtest.h>

namespace guard {
namespace {

using sample::ExitReason;
using sample::State;
using std::chrono::seconds;

const base::WallTime kBegin(seconds(1767225600));
const std::string kId(64, 'a');

sample::Workload container(State state, std::int64_t pid, std::uint64_t starts, int exit_code = 0) {
  sample::Workload workload;
  workload.name = "web";
  workload.identity = {"container:" + kId, kId, "", pid};
  workload.lifecycle.state = state;
  workload.lifecycle.starts = starts;
  workload.lifecycle.last_exit_code = exit_code;
  workload.lifecycle.last_exit = exit_code == 0 ? ExitReason::none : ExitReason::signal;
  return workload;
}

// A container that has been seen running as process 42, in its first run.
class WorkloadState {
 public:
  explicit WorkloadState(bool knows_pids = true) : ooms(knows_pids) { see(container(State::running, 42, 1)); }
  void kill(std::int64_t pid, const std::string& cgroup = "") {
    ooms.note({{pid, "python3", cgroup, true}}, kBegin + after);
  }
  sample::Lifecycle see(sample::Workload workload, const std::string& cgroup = "") {
    ooms.apply(workload, cgroup);
    return workload.lifecycle;
  }
  OomWatch ooms;
  seconds after{0};
};

TEST(OomKillOnTheHost, IsItsWorkloadsAndTheReasonOfItsEnd) {
  WorkloadState web;
  web.kill(42);
  const sample::Lifecycle lifecycle = web.see(container(State::stopped, 0, 1, 137));
  EXPECT_EQ(lifecycle.oom_kills_logged, 1U);
  EXPECT_EQ(lifecycle.last_exit, ExitReason::oom_kill);
}

TEST(OomKillOnTheHost, IsSeenInTheNextRunToo) {
  WorkloadState web;
  web.kill(42);
  const sample::Lifecycle lifecycle = web.see(container(State::running, 43, 2, 137));
  EXPECT_EQ(lifecycle.oom_kills_logged, 1U);
  EXPECT_EQ(lifecycle.last_exit, ExitReason::oom_kill);
}

TEST(OomKillOnTheHost, OfAnotherProcessIsNone) {
  WorkloadState web;
  web.kill(41, "/docker/" + std::string(64, 'b'));
  const sample::Lifecycle lifecycle = web.see(container(State::stopped, 0, 1, 137));
  EXPECT_EQ(lifecycle.oom_kills_logged, 0U);
  EXPECT_EQ(lifecycle.last_exit, ExitReason::signal);
}

TEST(OomKillOnTheHost, InTheContainersCgroupCountsWhateverTheDriver) {
  for (const std::string& cgroup :
       {"/docker/" + kId, "/system.slice/docker-" + kId + ".scope", "/docker/" + kId + "/x"}) {
    WorkloadState web;
    web.kill(99, cgroup);
    EXPECT_EQ(web.see(container(State::running, 42, 1)).oom_kills_logged, 1U) << cgroup;
  }
}

TEST(OomKillOnTheHost, OfAChildExplainsOnlyAnEndThatFollowsAtOnce) {
  WorkloadState web;
  web.kill(99, "/docker/" + kId);
  EXPECT_EQ(web.see(container(State::running, 42, 1)).last_exit, ExitReason::none);
  WorkloadState late = web;
  web.after = seconds(10);
  web.ooms.note({}, kBegin + web.after);
  EXPECT_EQ(web.see(container(State::stopped, 0, 1, 137)).last_exit, ExitReason::oom_kill);
  late.after = seconds(11);
  late.ooms.note({}, kBegin + late.after);
  EXPECT_EQ(late.see(container(State::stopped, 0, 1, 137)).last_exit, ExitReason::signal);
}

TEST(OomKillOnTheHost, DoesNotExplainAnotherKindOfEnd) {
  WorkloadState web;
  web.kill(42);
  EXPECT_EQ(web.see(container(State::stopped, 0, 1, 143)).last_exit, ExitReason::signal);
}

TEST(OomKillOnTheHost, DoesNotExplainTheEndOfALaterRun) {
  WorkloadState web;
  web.kill(42);
  web.see(container(State::running, 43, 2, 137));
  EXPECT_EQ(web.see(container(State::running, 44, 3, 137)).last_exit, ExitReason::signal);
}

TEST(OomKillOnTheHost, IsCountedOnce) {
  WorkloadState web;
  web.kill(42, "/docker/" + kId);
  web.see(container(State::stopped, 0, 1, 137));
  EXPECT_EQ(web.see(container(State::stopped, 0, 1, 137)).oom_kills_logged, 1U);
}

TEST(OomKillOnTheHost, BeforeTheWorkloadWasKnownIsNotItsOwn) {
  OomWatch ooms(true);
  ooms.note({{42, "python3", "", true}}, kBegin);
  sample::Workload workload = container(State::running, 42, 1);
  ooms.apply(workload, "");
  EXPECT_EQ(workload.lifecycle.oom_kills_logged, 0U);
}

TEST(OomKillOnTheHost, InAUnitsCgroupOrBelowIsTheUnits) {
  OomWatch ooms(true);
  sample::Workload unit;
  unit.name = "db";
  unit.lifecycle.state = State::running;
  ooms.apply(unit, "/odd.slice/db@1.service");
  ooms.note({{7, "a", "/odd.slice/db@1.service/x", false},
             {8, "b", "/odd.slice/db@1.services", false},
             {9, "c", "/odd.slice", false}},
            kBegin);
  ooms.apply(unit, "/odd.slice/db@1.service");
  EXPECT_EQ(unit.lifecycle.oom_kills_logged, 1U);
}

sample::Workload unit(State state, std::uint64_t starts) {
  sample::Workload workload;
  workload.name = "leaky";
  workload.lifecycle.state = state;
  workload.lifecycle.starts = starts;
  return workload;
}

// systemd reported the run of the unit 1.5 s after the kernel reported its end.
TEST(OomKillOnTheHost, OfARunThatIsSeenLaterIsCountedOnce) {
  const std::string cgroup = "/system.slice/leaky.service";
  WorkloadState state;
  state.see(unit(State::stopped, 0));
  state.kill(77, cgroup);
  EXPECT_EQ(state.see(unit(State::stopped, 0)).oom_kills_logged, 0U);
  state.after = seconds(10);
  state.ooms.note({}, kBegin + state.after);
  EXPECT_EQ(state.see(unit(State::running, 1), cgroup).oom_kills_logged, 1U);
  EXPECT_EQ(state.see(unit(State::running, 1), cgroup).oom_kills_logged, 1U);
}

TEST(OomKillOnTheHost, OfLongAgoIsNotOfARunThatIsSeenNow) {
  const std::string cgroup = "/system.slice/leaky.service";
  WorkloadState state;
  state.see(unit(State::stopped, 0));
  state.kill(77, cgroup);
  state.see(unit(State::stopped, 0));
  state.ooms.note({}, kBegin + seconds(11));
  EXPECT_EQ(state.see(unit(State::running, 1), cgroup).oom_kills_logged, 0U);
}

TEST(OomKillOnTheHost, IsNotMatchedByPidInAnotherPidNamespace) {
  OomWatch ooms(false);
  sample::Workload command;
  command.name = "job";
  command.lifecycle.state = State::running;
  command.identity.pid = 42;
  ooms.apply(command, "");
  ooms.note({{42, "a", "", true}}, kBegin);
  ooms.apply(command, "");
  EXPECT_EQ(command.lifecycle.oom_kills_logged, 0U);
}

TEST(OomReport, NamesTheLastVictimsAndTheirWorkload) {
  WorkloadState web;
  for (std::int64_t pid = 100; pid < 110; ++pid) web.kill(pid);
  web.kill(42);
  web.see(container(State::stopped, 0, 1, 137));
  sample::Host host;
  web.ooms.report(host);
  ASSERT_EQ(host.oom_victims.size(), sample::Host::kMostVictims);
  EXPECT_EQ(host.oom_victims.back().workload, "web");
  EXPECT_EQ(host.oom_victims.front().workload, "");
  EXPECT_FALSE(host.oom_kills) << "nobody read the counter";
  EXPECT_EQ(host.oom_kills_seen, 0U);
}

TEST(OomReport, CountsSinceTheAgentWasStarted) {
  OomWatch ooms(true);
  sample::Host host;
  host.oom_kills = std::uint64_t{5};
  ooms.report(host);
  EXPECT_EQ(host.oom_kills_seen, 0U);
  host.oom_kills = std::uint64_t{7};
  ooms.report(host);
  EXPECT_EQ(host.oom_kills_seen, 2U);
}

}  // namespace
}  // namespace guard

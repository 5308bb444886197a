// What the collector makes of a machine: a fixture tree in the place of /sys and /proc, and a supervisor of the test's.

#include "guard/collect/collector.h"

#include <unistd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/guard/fakes.h"

namespace guard {
namespace {

using sample::State;
using sample::TargetKind;
using testing::HasSubstr;
using testing::SizeIs;

const std::string kV2 = FIXTURES "/cgroup_v2";

class FakeChildren final : public Children {
 public:
  [[nodiscard]] std::optional<ChildView> view(const std::string&) const override { return child; }
  void restart(const std::string&, std::chrono::nanoseconds, Done) override {}
  void stop(const std::string&, std::chrono::nanoseconds, Done) override {}
  std::optional<ChildView> child;
};

config::Config target(TargetKind kind, const std::string& selector) {
  config::WorkloadConfig web = workload_config("web");
  web.target = {kind, selector, {}};
  return config_of({web});
}

sample::Snapshot collect(const config::Config& config, MachineSources sources) {
  const base::ManualClock clock;
  return MachineCollector(config, std::move(sources)).collect(clock.steady_now(), clock.wall_now());
}

sample::Workload see(TargetKind kind, const std::string& selector, MachineSources sources = {.root = kV2}) {
  return collect(target(kind, selector), std::move(sources)).workloads.at(0);
}

TEST(CgroupTarget, IsReadWhereItIs) {
  const sample::Workload web = see(TargetKind::cgroup, "/system.slice/web.service");
  EXPECT_EQ(web.lifecycle.state, State::running);
  EXPECT_THAT(web.identity.key, testing::StartsWith("cgroup:"));
  EXPECT_TRUE(web.resources.memory.usage) << web.resources.memory.usage.reason();
  EXPECT_TRUE(web.caps.has_memory_high);
}

TEST(CgroupTarget, ThatIsNotThereIsAbsent) {
  const sample::Workload web = see(TargetKind::cgroup, "/system.slice/other.service");
  EXPECT_EQ(web.lifecycle.state, State::absent);
  EXPECT_EQ(web.identity.key, "");
  EXPECT_FALSE(web.resources.memory.usage);
}

TEST(UnitTarget, IsItsCgroupInTheSystemSliceWhereSystemdIsNotAsked) {
  EXPECT_EQ(see(TargetKind::systemd_unit, "web.service").lifecycle.state, State::running);
  const sample::Workload other = see(TargetKind::systemd_unit, "other.service");
  EXPECT_EQ(other.lifecycle.state, State::unknown) << "nobody has said that there is none";
  EXPECT_THAT(other.lifecycle.why, HasSubstr("systemd is not asked"));
}

TEST(ContainerTarget, IsUnknownWithoutAnEngine) {
  const sample::Workload web = see(TargetKind::container, "web");
  EXPECT_EQ(web.lifecycle.state, State::unknown);
  EXPECT_THAT(web.lifecycle.why, HasSubstr("no container engine"));
}

TEST(CommandTarget, IsWhatTheSupervisorSays) {
  FakeChildren children;
  children.child.emplace();
  children.child->lifecycle.state = State::starting;
  children.child->lifecycle.last_exit = sample::ExitReason::oom_kill;
  children.child->identity.key = "pid:4242@1";
  const sample::Workload web = see(TargetKind::command, "", {.root = kV2, .children = &children});
  EXPECT_EQ(web.lifecycle.state, State::starting);
  EXPECT_EQ(web.lifecycle.last_exit, sample::ExitReason::oom_kill);
  EXPECT_EQ(web.identity.key, "pid:4242@1");
  EXPECT_FALSE(web.resources.memory.usage) << "what does not run uses nothing that could be read";
}

TEST(CommandTarget, ThatTheSupervisorDoesNotKnowIsUnknown) {
  const FakeChildren children;
  EXPECT_EQ(see(TargetKind::command, "", {.root = kV2, .children = &children}).lifecycle.state, State::unknown);
}

TEST(CommandTarget, ThatHasLeftItsCgroupHasNoFiguresAndSaysWhy) {
  FakeChildren children;
  children.child.emplace();
  children.child->lifecycle.state = State::running;
  children.child->identity = {"pid:1@1", "", "", 1};
  children.child->why_unreadable = "it has left its cgroup";
  const sample::Workload web = see(TargetKind::command, "", {.root = kV2, .children = &children});
  EXPECT_EQ(web.lifecycle.state, State::running);
  EXPECT_FALSE(web.resources.memory.usage);
  EXPECT_EQ(web.resources.memory.usage.reason(), "it has left its cgroup");
  EXPECT_FALSE(web.cgroup);
}

TEST(PidFileTarget, WithoutItsFileIsAbsent) {
  const base::TemporaryFolder folder;
  EXPECT_EQ(see(TargetKind::pid_file, folder.at("web.pid")).lifecycle.state, State::absent);
}

TEST(PidFileTarget, OfAProcessThatEndedIsStopped) {
  const base::TemporaryFolder folder;
  folder.write("web.pid", "999999\n");
  EXPECT_EQ(see(TargetKind::pid_file, folder.at("web.pid")).lifecycle.state, State::stopped);
}

TEST(PidFileTarget, ThatIsNoNumberIsUnknown) {
  const base::TemporaryFolder folder;
  folder.write("web.pid", "web\n");
  EXPECT_EQ(see(TargetKind::pid_file, folder.at("web.pid")).lifecycle.state, State::unknown);
}

TEST(PidFileTarget, ThatNamesTheAgentItselfIsUnknown) {
  const base::TemporaryFolder folder;
  folder.write("web.pid", std::to_string(::getpid()) + "\n");
  const sample::Workload web = see(TargetKind::pid_file, folder.at("web.pid"));
  EXPECT_EQ(web.lifecycle.state, State::unknown);
  EXPECT_THAT(web.lifecycle.why, HasSubstr("the agent itself"));
}

TEST(Snapshot, HasEveryWorkloadInTheConfigurationsOrder) {
  config::Config config = target(TargetKind::cgroup, "/nowhere");
  config.workloads.push_back(workload_config("a"));
  const auto snapshot = collect(config, {.root = kV2});
  ASSERT_THAT(snapshot.workloads, SizeIs(2));
  EXPECT_EQ(snapshot.workloads[0].name, "web");
  EXPECT_EQ(snapshot.workloads[1].name, "a");
}

TEST(Snapshot, ReportsItsSourcesAndOfAnEngineOnlyWhereOneIsMeant) {
  const auto snapshot = collect(target(TargetKind::cgroup, "/nowhere"), {.root = kV2});
  ASSERT_THAT(snapshot.sources, SizeIs(2));
  EXPECT_EQ(snapshot.sources[0].source, "cgroup");
  EXPECT_EQ(snapshot.sources[1].source, "host");
}

TEST(SecondLook, SeesTheDisksToo) {
  const base::ManualClock clock;
  config::Config config = target(TargetKind::cgroup, "/system.slice/web.service");
  config.host.mounts = {"/"};
  MachineCollector collector(config, {.root = kV2});
  const auto fresh = collector.collect_one("web", clock.steady_now(), clock.wall_now());
  ASSERT_THAT(fresh.host.disks, SizeIs(1)) << "a rule about a disk is held against it";
  EXPECT_GT(fresh.host.disks[0].size.count, 0);
}

// Asked and never answered: what matters is when.
class SilentCommands final : public ProbeCommands {
 public:
  std::unique_ptr<source::ProbeAttempt> ask(const CommandQuestion&, source::ProbeDone) override { return nullptr; }
};

TEST(Probes, AreSeenWithTheSnapshotAndAtTheSecondLook) {
  base::EventLoop loop{1};
  const base::ManualClock clock;
  SilentCommands commands;
  config::Config config = target(TargetKind::cgroup, "/system.slice/web.service");
  EXPECT_THAT(collect(config, {.root = kV2}).sources, SizeIs(2)) << "without probes there is no such source";
  config.workloads[0].health.emplace_back().name = "page";
  config.workloads[0].health[0].command = {"page"};
  Probes probes(config, loop, clock, &commands);
  MachineCollector collector(config, {.root = kV2, .probes = &probes});
  const auto snapshot = collector.collect(clock.steady_now(), clock.wall_now());
  ASSERT_THAT(snapshot.probes, SizeIs(1));
  EXPECT_EQ(snapshot.probes[0].workload, "web");
  EXPECT_EQ(snapshot.probes[0].name, "page");
  EXPECT_EQ(snapshot.sources.back().source, "health");
  EXPECT_TRUE(snapshot.sources.back().up);
  EXPECT_THAT(collector.collect_one("web", clock.steady_now(), clock.wall_now()).probes, SizeIs(1));
}

TEST(SecondLook, SeesTheOneWorkloadOnly) {
  config::Config config = target(TargetKind::cgroup, "/system.slice/web.service");
  config.workloads.push_back(workload_config("a"));
  MachineCollector collector(config, {.root = kV2});
  const base::ManualClock clock;
  const auto snapshot = collector.collect_one("web", clock.steady_now(), clock.wall_now());
  ASSERT_THAT(snapshot.workloads, SizeIs(1));
  EXPECT_EQ(snapshot.workloads[0].name, "web");
  EXPECT_THAT(collector.collect_one("nobody", clock.steady_now(), clock.wall_now()).workloads, SizeIs(0));
}

}  // namespace
}  // namespace guard

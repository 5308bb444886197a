// Each condition that a rule may have, from the words of a configuration to the action: it acts once the condition has
// held, and does not on the other side of the threshold or when nothing is known.

#include "tests/guard/conditions.h"

#include <functional>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace guard {
namespace {

using std::chrono::seconds;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

// Lets a counter of time advance by `share` of a second a tick.
std::function<void()> stall(sample::Reading<base::Duration>& counter, double share) {
  return [&counter, share] {
    counter = counter.value_or(base::Duration(0)) + std::chrono::duration_cast<base::Duration>(share * seconds(1));
  };
}

struct Stalled {
  const char* when;
  std::function<sample::Reading<base::Duration>&(sample::Resources&)> counter;
};

TEST(Conditions, SharesOfTimeActAboveTheirThresholdOnly) {
  const std::vector<Stalled> all = {{"cpu_throttled: '> 25%', for: 5s", [](auto& of) -> auto& {return of.cpu.throttled;
}
}  // namespace
, {"memory_pressure: '> 25%', for: 5s", [](auto& of) -> auto& {return of.pressure.memory.some;
}  // namespace guard
}
, {"cpu_pressure: '> 25%', for: 5s", [](auto& of) -> auto& {return of.pressure.cpu.some;
}
}
, {
  "io_pressure: '> 25%', for: 5s", [](auto& of) -> auto& { return of.pressure.io.some; }
}
}
;
for (const Stalled& condition : all) {
  SCOPED_TRACE(condition.when);
  Scene over = scene_with(condition.when);
  tick(over, 8, stall(condition.counter(web(over).resources), 0.26));
  EXPECT_THAT(over.executor.decisions, SizeIs(1));

  Scene under = scene_with(condition.when);
  tick(under, 60, stall(condition.counter(web(under).resources), 0.24));
  EXPECT_THAT(under.executor.decisions, IsEmpty());

  Scene absent = scene_with(condition.when);
  absent.tick(60);
  EXPECT_THAT(absent.executor.decisions, IsEmpty());
}
}

TEST(Conditions, CpuActsInCoresAndInPerCentOfItsCap) {
  for (const auto* when : {"cpu: '> 0.4', for: 5s", "cpu: '> 50%', for: 5s"}) {
    SCOPED_TRACE(when);
    Scene over = scene_with(when, "caps: {cpus: 0.8}, ");
    web(over).resources.cpu.limit = base::Cores{0.8};
    tick(over, 8, stall(web(over).resources.cpu.used, 0.41));
    EXPECT_EQ(over.counted("signal", "done") + over.executor.unfinished.size(), 1u);

    Scene under = scene_with(when, "caps: {cpus: 0.8}, ");
    web(under).resources.cpu.limit = base::Cores{0.8};
    tick(under, 30, stall(web(under).resources.cpu.used, 0.39));
    EXPECT_THAT(under.executor.unfinished, IsEmpty());
  }
}

TEST(Conditions, PidsAct) {
  Scene scene = scene_with("pids: '> 400', for: 5s");
  web(scene).resources.pids.current = 400;
  scene.tick(30);
  EXPECT_THAT(scene.executor.decisions, IsEmpty());
  web(scene).resources.pids.current = 401;
  scene.tick(6);
  ASSERT_THAT(scene.executor.decisions, SizeIs(1));
  EXPECT_THAT(scene.executor.decisions[0].reason, HasSubstr("pids 401, above 400 for 5s"));
}

TEST(Conditions, OomKillsActAtOnce) {
  Scene scene = scene_with("oom_kills: '> 0'");
  web(scene).resources.memory.oom_kills = 3u;
  scene.tick(30);
  EXPECT_THAT(scene.executor.decisions, IsEmpty()) << "those of before the guard came are none of its business";
  web(scene).resources.memory.oom_kills = 4u;
  scene.tick();
  EXPECT_THAT(scene.executor.decisions, SizeIs(1));
}

TEST(Conditions, ARestartLoopActs) {
  Scene scene = scene_with("restart_loop: true", "restarts: {max: 3, within: 10m}, ");
  for (int restart = 0; restart < 4; ++restart) {
    EXPECT_THAT(scene.executor.decisions, IsEmpty()) << restart;
    scene.tick(5);
    ++web(scene).lifecycle.starts;
  }
  scene.tick();
  ASSERT_THAT(scene.executor.decisions, SizeIs(1));
  EXPECT_THAT(scene.executor.decisions[0].reason, HasSubstr("4 restarts"));
}

sample::LogWatch cleanup_log(const Scene& scene) {
  sample::LogWatch log;
  log.workload = "web";
  log.name = "cleanup";
  log.source_up = true;
  log.watched_since = scene.clock.steady_now();
  return log;
}

constexpr auto kCleanup =
    R"(expect_log: [{name: cleanup, pattern: 'Cleaned up (?P<count>\d+)', every: 1m, grace: 10s}], )";

TEST(Conditions, AnOverdueLineActs) {
  Scene scene = scene_with("log_overdue: true", kCleanup);
  scene.collector.logs = {cleanup_log(scene)};
  scene.tick(70);
  EXPECT_THAT(scene.executor.decisions, IsEmpty());
  scene.tick();
  EXPECT_THAT(scene.executor.decisions, SizeIs(1));
}

TEST(Conditions, ALogValueActs) {
  Scene scene = scene_with("log_value: '> 1000', log: cleanup, capture: count, for: 5s", kCleanup);
  scene.collector.logs = {cleanup_log(scene)};
  scene.tick(30);
  EXPECT_THAT(scene.executor.decisions, IsEmpty()) << "nothing was captured yet";
  const auto write = [&](double count) {
    scene.collector.logs[0].captures["count"] = count;
    scene.collector.logs[0].last_match = scene.clock.steady_now();
  };
  write(1000);
  scene.tick(30);
  EXPECT_THAT(scene.executor.decisions, IsEmpty());
  write(1001);
  scene.tick(6);
  ASSERT_THAT(scene.executor.decisions, SizeIs(1));
  EXPECT_THAT(scene.executor.decisions[0].reason, HasSubstr("log_value cleanup.count 1001, above 1000 for 5s"));
}

TEST(Conditions, AStaleLogValueDoesNotAct) {
  Scene scene = scene_with("log_value: '> 1000', log: cleanup, capture: count, for: 80s", kCleanup);
  scene.tick();
  scene.collector.logs = {cleanup_log(scene)};
  scene.collector.logs[0].captures["count"] = 5000;
  scene.collector.logs[0].last_match = scene.clock.steady_now();
  scene.tick(300);
  EXPECT_THAT(scene.executor.decisions, IsEmpty()) << "it is known for 70 seconds only";
}

TEST(Conditions, ALogValueOfTheRunBeforeDoesNotAct) {
  Scene scene = scene_with("log_value: '> 1000', log: cleanup, capture: count", kCleanup);
  web(scene).lifecycle.state = sample::State::stopped;
  scene.collector.logs = {cleanup_log(scene)};
  scene.collector.logs[0].captures["count"] = 5000;
  scene.collector.logs[0].last_match = scene.clock.steady_now();
  scene.tick();
  web(scene).lifecycle.state = sample::State::running;
  ++web(scene).lifecycle.starts;
  scene.tick(30);
  EXPECT_THAT(scene.executor.decisions, IsEmpty());
}

TEST(Conditions, MemoryGrowthAndTimeToLimitAct) {
  for (const auto* when : {"memory_growth: '> 50m', for: 1m", "time_to_limit: '< 2h', for: 1m"}) {
    SCOPED_TRACE(when);
    Scene leaks = scene_with(when);
    Scene calm = scene_with(when);
    int second = 0;
    // 600 MiB an hour from 100 MiB on, up to the limit of 1000 MiB; the twin stays where it is.
    for (; second < 3600 && leaks.executor.decisions.empty(); ++second) {
      web(leaks).resources.memory.usage = base::Bytes{(100LL << 20) + (600LL << 20) * second / 3600};
      leaks.tick();
      calm.tick();
    }
    EXPECT_THAT(leaks.executor.decisions, SizeIs(1)) << "after an hour";
    EXPECT_THAT(calm.executor.decisions, IsEmpty());
  }
}

sample::Host::Disk disk_of(const std::string& mount, int percent_available) {
  return {mount, base::gibibytes(100), base::gibibytes(percent_available)};
}

TEST(Conditions, AFullDiskActsOnTheMountMeant) {
  Scene scene = scene_with("disk: '> 90%', mount: /var/lib/x, for: 5s");
  scene.collector.host.disks = {disk_of("/", 1), disk_of("/var/lib/x", 10)};
  scene.tick(30);
  EXPECT_THAT(scene.executor.decisions, IsEmpty());
  scene.collector.host.disks[1] = disk_of("/var/lib/x", 9);
  scene.tick(6);
  ASSERT_THAT(scene.executor.decisions, SizeIs(1));
  EXPECT_THAT(scene.executor.decisions[0].reason, HasSubstr("disk /var/lib/x 91%, above 90% for 5s"));
}

TEST(Conditions, AFullDiskIsTheFullestUnlessOneIsMeant) {
  Scene scene = scene_with("disk: '> 90%', for: 5s");
  scene.collector.host.disks = {disk_of("/", 50), disk_of("/var/lib/x", 5)};
  scene.tick(6);
  ASSERT_THAT(scene.executor.decisions, SizeIs(1));
  EXPECT_THAT(scene.executor.decisions[0].reason, HasSubstr("disk /var/lib/x 95%"));
}

TEST(Conditions, AMountThatCannotBeReadDoesNotAct) {
  Scene scene = scene_with("disk: '> 90%', mount: /var/lib/x");
  scene.collector.host.disks = {disk_of("/", 1)};
  scene.tick(30);
  EXPECT_THAT(scene.executor.decisions, IsEmpty());
}

}  // namespace
}  // namespace guard

// What the guard remembers and tells: counts by reason, the last known answer about a log line, a bounded ring of
// actions, and what of all this a reload keeps.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/guard/fakes.h"

namespace guard {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;
using testing::SizeIs;

void restart(sample::Workload& workload, sample::ExitReason reason) {
  ++workload.lifecycle.starts;
  workload.lifecycle.last_exit = reason;
  workload.identity.key += "'";
}

TEST(Restarts, AreCountedByWhyTheRunBeforeEnded) {
  Scene scene(config_of({workload_config("web")}));
  scene.tick();
  EXPECT_THAT(scene.report().workloads[0].restarts_by_reason, IsEmpty()) << "the first run is no restart";
  restart(scene.collector.workloads[0], sample::ExitReason::oom_kill);
  scene.tick(2);
  restart(scene.collector.workloads[0], sample::ExitReason::oom_kill);
  scene.tick(2);
  restart(scene.collector.workloads[0], sample::ExitReason::clean);
  scene.tick(2);
  EXPECT_THAT(scene.report().workloads[0].restarts_by_reason, ElementsAre(Pair("clean", 1), Pair("oom_kill", 2)));
}

TEST(Restarts, WhoseCauseNobodySawAreCountedAsUnknown) {
  Scene scene(config_of({workload_config("web")}));
  scene.tick();
  restart(scene.collector.workloads[0], sample::ExitReason::none);
  scene.tick();
  EXPECT_THAT(scene.report().workloads[0].restarts_by_reason, ElementsAre(Pair("unknown", 1)));
}

config::Config expecting_a_line() {
  config::WorkloadConfig web = workload_config("web");
  web.expect_log.push_back({"cleanup", "Cleaned up", minutes(30), minutes(5), ""});
  return config_of({web});
}

sample::LogWatch quiet_log() {
  sample::LogWatch watch;
  watch.workload = "web";
  watch.name = "cleanup";
  watch.source_up = true;
  return watch;
}

TEST(Overdue, IsKnownOnceTheIntervalAndItsGraceHavePassed) {
  Scene scene(expecting_a_line());
  scene.collector.logs = {quiet_log()};
  scene.tick();
  ASSERT_THAT(scene.report().workloads[0].logs, SizeIs(1));
  EXPECT_EQ(scene.report().workloads[0].logs[0].overdue, sample::Reading<bool>(false));
  scene.clock.advance(minutes(35));
  scene.tick();
  EXPECT_EQ(scene.report().workloads[0].logs[0].overdue, sample::Reading<bool>(true));
}

TEST(Overdue, KeepsItsLastKnownAnswerWhileTheLogCannotBeRead) {
  Scene scene(expecting_a_line());
  scene.collector.logs = {quiet_log()};
  scene.tick();
  scene.clock.advance(minutes(35));
  scene.tick();
  scene.collector.logs[0].source_up = false;
  scene.collector.logs[0].why = "the stream broke";
  scene.tick(60);
  const telemetry::LogReport& log = scene.report().workloads[0].logs[0];
  EXPECT_EQ(log.overdue, sample::Reading<bool>(true));
  EXPECT_FALSE(scene.report().workloads[0].signals.logs[0].overdue) << "the signal itself is absent: no rule may fire";
}

TEST(Overdue, IsAbsentWhileItWasNeverKnown) {
  Scene scene(expecting_a_line());
  scene.collector.logs = {quiet_log()};
  scene.collector.logs[0].source_up = false;
  scene.tick(60);
  EXPECT_FALSE(scene.report().workloads[0].logs[0].overdue.has_value());
}

TEST(Overdue, IsJudgedFromWhenWatchingBegan) {
  Scene scene(expecting_a_line());
  scene.collector.logs = {quiet_log()};
  scene.tick();
  scene.clock.advance(minutes(35));
  scene.collector.logs[0].watched_since = scene.clock.steady_now();  // a reload has added the watch
  scene.tick();
  EXPECT_EQ(scene.report().workloads[0].logs[0].overdue, sample::Reading<bool>(false));
}

policy::Rule every_tick() {
  policy::Rule rule = memory_rule({policy::Signal{10}});
  rule.held_for = seconds(0);
  rule.cooldown = seconds(0);
  return rule;
}

TEST(ImpossibleRules, AreThoseAboveTheHostsCores) {
  config::WorkloadConfig config = workload_config("web");
  policy::Rule rule;
  rule.name = "hot";
  rule.metric = policy::Metric::cpu;
  rule.trip = {4, false};
  config.rules = {rule};
  rule.name = "warm";
  rule.trip = {1, false};
  config.rules.push_back(rule);
  Scene scene(config_of({config}));
  scene.tick();
  EXPECT_THAT(scene.report().workloads[0].policy.impossible_rules, IsEmpty()) << "of how many is not known";
  scene.collector.host.cores = 2;
  scene.tick();
  ASSERT_THAT(scene.report().workloads[0].policy.impossible_rules, SizeIs(1));
  EXPECT_EQ(scene.report().workloads[0].policy.impossible_rules[0].rule, "hot");
  scene.collector.host.cores = 8;
  scene.tick();
  EXPECT_THAT(scene.report().workloads[0].policy.impossible_rules, IsEmpty());
}

TEST(RecentActions, AreBoundedAndKeepTheNewest) {
  config::WorkloadConfig web = workload_config("web", {every_tick()});
  web.actions.max = policy::ActionRate::kMost;
  Scene scene(config_of({web}));
  scene.use_memory(900);
  const int ticks = static_cast<int>(telemetry::Report::kRecentActions) + 50;
  for (int i = 0; i < ticks; ++i) {
    scene.tick();
    scene.executor.finish();
  }
  EXPECT_THAT(scene.report().recent_actions, SizeIs(telemetry::Report::kRecentActions));
  EXPECT_EQ(scene.last_action().number, static_cast<std::uint64_t>(ticks));
  EXPECT_EQ(scene.counted("signal", "done"), static_cast<std::uint64_t>(ticks));
}

TEST(BreachToAction, IsMeasuredFromTheFirstTickOfTheCondition) {
  Scene scene(config_of({workload_config("web", {memory_rule({policy::Restart{}})})}));
  scene.use_memory(900);
  scene.tick(11);
  scene.executor.finish();
  EXPECT_EQ(scene.report().breach_to_action.count, 1u);
  EXPECT_DOUBLE_EQ(scene.report().breach_to_action.sum_seconds, 10);
}

TEST(BreachToAction, IsNotMeasuredWhereNothingWasDone) {
  Scene scene(config_of({workload_config("web", {memory_rule({policy::Restart{}})})}));
  scene.collector.at_recheck = [](sample::Workload& web) { web.identity.key = "container:other"; };
  scene.use_memory(900);
  scene.tick(11);
  EXPECT_EQ(scene.report().breach_to_action.count, 0u);
}

TEST(ActionDuration, RunsFromTheDecisionToItsVerifiedEnd) {
  Scene scene(config_of({workload_config("web", {memory_rule({policy::Restart{}})})}));
  scene.use_memory(900);
  scene.tick(11);
  scene.clock.advance(seconds(4));
  scene.executor.finish();
  EXPECT_EQ(scene.last_action().took, seconds(4));
  EXPECT_DOUBLE_EQ(scene.report().action_durations.at("restart").sum_seconds, 4);
}

TEST(Ticks, ThatWereMissedAreCounted) {
  Scene scene(config_of({workload_config("web")}));
  scene.guard().tick(0);
  scene.guard().tick(3);
  EXPECT_EQ(scene.report().ticks, 2u);
  EXPECT_EQ(scene.report().ticks_late, 3u);
}

TEST(Reload, KeepsWhatWasCounted) {
  Scene scene(config_of({workload_config("web", {every_tick()})}));
  scene.use_memory(900);
  scene.tick();
  scene.executor.finish();
  restart(scene.collector.workloads[0], sample::ExitReason::oom_kill);
  scene.tick();
  scene.executor.finish();
  scene.reload(config_of({workload_config("web", {every_tick()})}));
  scene.tick();
  scene.executor.finish();
  EXPECT_EQ(scene.report().workloads[0].restarts_by_reason.at("oom_kill"), 1u);
  EXPECT_EQ(scene.counted("signal", "done"), 3u);
  EXPECT_EQ(scene.last_action().number, 3u);
  EXPECT_EQ(scene.report().ticks, 3u);
}

TEST(Reload, KeepsTheHistoryOfAWorkload) {
  Scene scene(config_of({workload_config("web")}));
  scene.collector.workloads[0].resources.cpu.used = base::Duration(seconds(10));
  scene.tick();
  scene.reload(config_of({workload_config("web")}));
  scene.collector.workloads[0].resources.cpu.used = base::Duration(seconds(10)) + std::chrono::milliseconds(500);
  scene.tick();
  const auto& used = scene.report().workloads[0].signals.cpu_used;
  ASSERT_TRUE(used) << used.reason();
  EXPECT_DOUBLE_EQ(used->count, 0.5);
}

TEST(Reload, BeginsAnewForAWorkloadWhoseTargetChanged) {
  Scene scene(config_of({workload_config("web")}));
  scene.tick();
  restart(scene.collector.workloads[0], sample::ExitReason::oom_kill);
  scene.tick();
  config::WorkloadConfig other = workload_config("web");
  other.target.selector = "another-container";
  scene.reload(config_of({other}));
  scene.tick();
  EXPECT_THAT(scene.report().workloads[0].restarts_by_reason, IsEmpty());
}

TEST(Reload, TakesTheCountsOfAWorkloadThatIsGoneAway) {
  Scene scene(config_of({workload_config("web", {every_tick()}), workload_config("worker")}));
  scene.use_memory(900);
  scene.tick();
  scene.executor.finish();
  scene.reload(config_of({workload_config("worker")}));
  EXPECT_THAT(scene.report().actions, IsEmpty()) << "a workload that is gone takes its series with it";
}

TEST(Reload, KeepsTheCoolDownOfARule) {
  const auto config = config_of({workload_config("web", {memory_rule({policy::Restart{}})})});
  Scene scene(config);
  scene.use_memory(900);
  scene.tick(11);
  scene.executor.finish();
  scene.reload(config);
  scene.tick(60);
  EXPECT_THAT(scene.executor.decisions, SizeIs(1)) << "else a reload would allow another restart";
}

TEST(Reload, LeavesTheListenerToTheNewGuard) {
  const auto config = config_of({workload_config("web", {every_tick()})});
  Scene scene(config);
  int told_before = 0;
  scene.guard().on_action([&](const telemetry::ActionRecord&) { ++told_before; });
  scene.use_memory(900);
  scene.reload(config);
  scene.tick();
  scene.executor.finish();
  EXPECT_EQ(told_before, 0) << "the old listener belongs to what the reload has taken down";
}

TEST(Reload, SaysWhetherItSucceeded) {
  Scene scene(config_of({workload_config("web")}));
  const base::WallTime started = scene.report().config_reloaded_at;
  scene.clock.advance(minutes(1));
  scene.guard().note_reload(false);
  EXPECT_FALSE(scene.report().config_reload_ok);
  EXPECT_EQ(scene.report().config_reloaded_at, started) << "the time is that of the last configuration taken";
  scene.guard().note_reload(true);
  EXPECT_TRUE(scene.report().config_reload_ok);
  EXPECT_EQ(scene.report().config_reloaded_at, started + minutes(1));
}

}  // namespace
}  // namespace guard

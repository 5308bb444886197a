#include "guard/policy/rule.h"

#include <cmath>

#include <gtest/gtest.h>

#include "guard/policy/describe.h"

namespace guard::policy {
namespace {

using base::mebibytes;
using signal::WorkloadSignals;

TEST(ValueOf, MemoryIsBytesOrRatio) {
  WorkloadSignals signals;
  signals.unreclaimable = mebibytes(1);
  signals.memory_used = base::Ratio{0.5};
  EXPECT_DOUBLE_EQ(*value_of(signals, Metric::memory, {}, false), 1048576);
  EXPECT_DOUBLE_EQ(*value_of(signals, Metric::memory, {}, true), 0.5);
  signals.working_set = mebibytes(2);
  signals.working_set_used = base::Ratio{0.75};
  EXPECT_DOUBLE_EQ(*value_of(signals, Metric::memory_working_set, {}, false), 2097152);
  EXPECT_DOUBLE_EQ(*value_of(signals, Metric::memory_working_set, {}, true), 0.75);
}

TEST(ValueOf, CpuIsCoresOrRatio) {
  WorkloadSignals signals;
  signals.cpu_used = base::Cores{0.4};
  signals.cpu_of_limit = base::Ratio{0.5};
  EXPECT_DOUBLE_EQ(*value_of(signals, Metric::cpu, {}, false), 0.4);
  EXPECT_DOUBLE_EQ(*value_of(signals, Metric::cpu, {}, true), 0.5);
}

TEST(ValueOf, TimeToLimitIsSecondsAndInfiniteWhenNeverReached) {
  WorkloadSignals signals;
  signals.time_to_limit = base::Duration(std::chrono::minutes(2));
  EXPECT_DOUBLE_EQ(*value_of(signals, Metric::time_to_limit, {}, false), 120);
  signals.time_to_limit = base::Duration::max();
  EXPECT_TRUE(std::isinf(*value_of(signals, Metric::time_to_limit, {}, false)));
}

TEST(ValueOf, EachMetricIsAbsentWithItsReading) {
  const WorkloadSignals nothing;
  for (const auto metric :
       {Metric::memory, Metric::memory_growth, Metric::time_to_limit, Metric::cpu, Metric::cpu_throttled,
        Metric::memory_pressure, Metric::pids, Metric::oom_kills, Metric::restart_loop, Metric::log_overdue}) {
    EXPECT_FALSE(value_of(nothing, metric, {}, false)) << name_of(metric);
    EXPECT_FALSE(value_of(nothing, metric, {}, true)) << name_of(metric);
  }
}

TEST(ValueOf, NoticedEventsAreKnownWhileTheStateIs) {
  WorkloadSignals signals;
  signals.state = sample::State::stopped;
  EXPECT_DOUBLE_EQ(*value_of(signals, Metric::oom_kills, {}, false), 0);
  EXPECT_FALSE(value_of(signals, Metric::leaking, {}, false)) << "no verdict yet";
  signals.growth = 0.5;
  signals.leak = signal::LeakState::growing;
  EXPECT_DOUBLE_EQ(*value_of(signals, Metric::leaking, {}, false), 0);
  signals.leak = signal::LeakState::leaking;
  EXPECT_DOUBLE_EQ(*value_of(signals, Metric::leaking, {}, false), 1);
  signals.restart_loop.looping = true;
  EXPECT_DOUBLE_EQ(*value_of(signals, Metric::restart_loop, {}, false), 1);
}

TEST(ValueOf, AnOomKillCountsThoughTheStateIsUnknown) {
  WorkloadSignals signals;
  signals.oom_kills_new = 2;
  EXPECT_DOUBLE_EQ(*value_of(signals, Metric::oom_kills, {}, false), 2);
}

signal::LogSignal log_of(sample::Reading<bool> overdue, bool expected = true) {
  signal::LogSignal log;
  log.name = "cleanup";
  log.expected = expected;
  log.overdue = std::move(overdue);
  return log;
}

TEST(ValueOf, OneOverdueLineIsEnough) {
  WorkloadSignals signals;
  signals.logs = {log_of(false), log_of({}), log_of(true)};
  EXPECT_DOUBLE_EQ(*value_of(signals, Metric::log_overdue, {}, false), 1);
}

TEST(ValueOf, NoLineIsOverdueOnlyWhenAllAreKnown) {
  WorkloadSignals signals;
  signals.logs = {log_of(false), log_of({}, false)};
  EXPECT_DOUBLE_EQ(*value_of(signals, Metric::log_overdue, {}, false), 0);
  signals.logs = {log_of(sample::Reading<bool>::absent("EOF")), log_of(false)};
  EXPECT_EQ(value_of(signals, Metric::log_overdue, {}, false).reason(), "cleanup: EOF");
}

TEST(IsBeyond, IsStrictOnBothSides) {
  EXPECT_FALSE(is_beyond(0.85, Comparison::above, 0.85));
  EXPECT_TRUE(is_beyond(0.8501, Comparison::above, 0.85));
  EXPECT_FALSE(is_beyond(600, Comparison::below, 600));
  EXPECT_TRUE(is_beyond(599, Comparison::below, 600));
}

TEST(IsBeyond, NotANumberIsBeyondNothing) {
  EXPECT_FALSE(is_beyond(std::nan(""), Comparison::above, 1));
  EXPECT_FALSE(is_beyond(std::nan(""), Comparison::below, 1));
}

Condition cpu_above(double value, bool is_ratio) {
  Condition condition;
  condition.metric = Metric::cpu;
  condition.trip = {value, is_ratio};
  return condition;
}

TEST(WhyItCannotFire, SaysThatACpuThresholdIsAboveTheHostsCores) {
  EXPECT_EQ(why_it_cannot_fire(2, cpu_above(4, false), {}), "it needs more than 4 cores and the host has 2");
  EXPECT_EQ(why_it_cannot_fire(2, cpu_above(2, false), {}), "it needs more than 2 cores and the host has 2");
  EXPECT_EQ(why_it_cannot_fire(2, cpu_above(1.99, false), {}), "");
}

TEST(WhyItCannotFire, CountsAShareOfTheCapInCores) {
  sample::Caps caps;
  EXPECT_EQ(why_it_cannot_fire(2, cpu_above(0.9, true), caps), "") << "of no cap";
  caps.cpus = base::Cores{3};
  EXPECT_EQ(why_it_cannot_fire(2, cpu_above(0.9, true), caps), "it needs more than 2.7 cores and the host has 2");
  EXPECT_EQ(why_it_cannot_fire(2, cpu_above(0.5, true), caps), "");
  EXPECT_EQ(why_it_cannot_fire(3, cpu_above(0.9, true), caps), "");
}

TEST(WhyItCannotFire, IsSilentForOtherConditions) {
  Condition below = cpu_above(4, false);
  below.comparison = Comparison::below;
  EXPECT_EQ(why_it_cannot_fire(2, below, {}), "");
  Condition pids = cpu_above(4, false);
  pids.metric = Metric::pids;
  EXPECT_EQ(why_it_cannot_fire(2, pids, {}), "");
}

TEST(DescribeValue, SpeaksTheMetricsUnit) {
  EXPECT_EQ(describe_value(Metric::memory, false, 612.0 * 1048576), "612 MiB");
  EXPECT_EQ(describe_value(Metric::memory, true, 0.874), "87.4%");
  EXPECT_EQ(describe_value(Metric::memory_growth, false, 1048576.0 / 3600), "1 MiB an hour");
  EXPECT_EQ(describe_value(Metric::time_to_limit, false, 598), "9m 58s");
  EXPECT_EQ(describe_value(Metric::time_to_limit, false, INFINITY), "for ever");
  EXPECT_EQ(describe_value(Metric::cpu, false, 0.82), "0.82 cores");
  EXPECT_EQ(describe_value(Metric::pids, false, 512), "512");
}

TEST(NameOf, ActionsAreCalledAsInTheConfiguration) {
  EXPECT_EQ(name_of(ActionSpec(Notify{})), "notify");
  EXPECT_EQ(name_of(ActionSpec(Shed{})), "shed");
  EXPECT_EQ(name_of(ActionSpec(Reclaim{})), "reclaim");
  EXPECT_EQ(name_of(ActionSpec(Restart{})), "restart");
  EXPECT_EQ(name_of(ActionSpec(Stop{})), "stop");
  EXPECT_EQ(name_of(ActionSpec(Signal{})), "signal");
  EXPECT_EQ(name_of(ActionSpec(ApplyCaps{})), "caps");
}

}  // namespace
}  // namespace guard::policy

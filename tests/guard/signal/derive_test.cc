#include "guard/signal/derive.h"

#include <gtest/gtest.h>

#include "tests/guard/signal/scene.h"

namespace guard::signal {
namespace {

TEST(DeriveSignals, GivesAmountsAtFirstSight) {
  Scene scene;
  const auto signals = scene.look();
  EXPECT_EQ(signals.workload, "web");
  EXPECT_EQ(*signals.working_set, mebibytes(350));
  EXPECT_EQ(*signals.unreclaimable, mebibytes(300));
  EXPECT_EQ(*signals.memory_limit, mebibytes(700));
  EXPECT_DOUBLE_EQ(signals.memory_used->value, 0.5);
  EXPECT_EQ(*signals.pids, 12);
}

TEST(DeriveSignals, GivesNoRateAtFirstSight) {
  Scene scene;
  const auto signals = scene.look();
  EXPECT_EQ(signals.cpu_used.reason(), "needs a second reading");
  EXPECT_FALSE(signals.cpu_of_limit);
  EXPECT_FALSE(signals.cpu_throttled);
  EXPECT_FALSE(signals.memory_pressure);
}

TEST(DeriveSignals, GivesRatesFromTheSecondReading) {
  Scene scene;
  scene.look();
  auto& resources = scene.workload().resources;
  resources.cpu.used = base::Duration(milliseconds(50'800));
  resources.cpu.throttled = base::Duration(milliseconds(1'500));
  resources.pressure.memory.some = base::Duration(milliseconds(2'200));
  const auto signals = scene.look_after(seconds(2));
  EXPECT_DOUBLE_EQ(signals.cpu_used->count, 0.4);
  EXPECT_DOUBLE_EQ(signals.cpu_of_limit->value, 0.5);
  EXPECT_DOUBLE_EQ(signals.cpu_throttled->value, 0.25);
  EXPECT_DOUBLE_EQ(signals.memory_pressure->value, 0.1);
}

TEST(DeriveSignals, AnotherIdentityHasNoRateForOneInterval) {
  Scene scene;
  scene.look();
  scene.workload().identity.key = "container:b";
  EXPECT_FALSE(scene.look_after(seconds(1)).cpu_used);
  EXPECT_TRUE(scene.look_after(seconds(1)).cpu_used);
}

TEST(DeriveSignals, ACounterThatRanBackwardsHasNoRateForOneInterval) {
  Scene scene;
  scene.look();
  scene.workload().resources.cpu.used = base::Duration(seconds(1));
  EXPECT_FALSE(scene.look_after(seconds(1)).cpu_used);
  EXPECT_TRUE(scene.look_after(seconds(1)).cpu_used);
}

TEST(DeriveSignals, ALookRightAfterAnotherRepeatsTheRates) {
  Scene scene;
  scene.look();
  scene.workload().resources.cpu.used = base::Duration(milliseconds(50'400));
  EXPECT_DOUBLE_EQ(scene.look_after(seconds(1)).cpu_used->count, 0.4);
  scene.workload().resources.cpu.used = base::Duration(milliseconds(50'410));
  EXPECT_DOUBLE_EQ(scene.look_after(milliseconds(199)).cpu_used->count, 0.4);
  EXPECT_DOUBLE_EQ(scene.look_after(milliseconds(1)).cpu_used->count, 0.05) << "measured from the last real interval";
}

TEST(DeriveSignals, AShareOfTimeIsNeverMoreThanAll) {
  Scene scene;
  scene.look();
  scene.workload().resources.cpu.throttled = base::Duration(milliseconds(2'161));
  EXPECT_DOUBLE_EQ(scene.look_after(seconds(1)).cpu_throttled->value, 1);
}

TEST(DeriveSignals, UnreadableMemoryMakesAllThatRestsOnItAbsent) {
  Scene scene;
  scene.look();
  scene.workload().resources.memory = {};
  const auto signals = scene.look_after(seconds(1));
  EXPECT_FALSE(signals.working_set);
  EXPECT_FALSE(signals.memory_used);
  EXPECT_FALSE(signals.growth);
  EXPECT_FALSE(signals.time_to_limit);
  EXPECT_EQ(signals.leak, LeakState::unknown);
}

TEST(DeriveSignals, TellGrowthAndTimeToLimit) {
  Scene scene;
  WorkloadSignals signals;
  for (int second = 0; second <= 1300; ++second) {
    scene.workload().resources.memory.anon = mebibytes(300) + base::Bytes{second * 204'800};
    signals = scene.look_after(seconds(1));
  }
  EXPECT_EQ(signals.leak, LeakState::leaking) << signals.leak_evidence;
  EXPECT_NEAR(*signals.growth, 204'800, 100);
  EXPECT_LE(signals.growth_low, *signals.growth);
  EXPECT_GE(signals.growth_high, *signals.growth);
  EXPECT_LE(*signals.earliest_limit, *signals.time_to_limit);
  EXPECT_NEAR(base::to_seconds(*signals.time_to_limit), (400.0 * 1048576 - 1300 * 204'800) / 204'800, 20);
}

TEST(DeriveSignals, ARestartForgetsTheGrowth) {
  Scene scene;
  for (int second = 0; second <= 610; ++second) scene.look_after(seconds(1));
  ASSERT_TRUE(scene.look_after(seconds(1)).growth);
  scene.workload().lifecycle.starts = 2;
  EXPECT_FALSE(scene.look_after(seconds(1)).growth);
}

// The engine's statistics: the same answer, told again at each tick, until the next one comes.
class Answers {
 public:
  explicit Answers(Scene& scene) : scene_(scene) {}
  WorkloadSignals comes(base::Duration used) {
    scene_.workload().resources.read_at = scene_.snapshot.at;
    scene_.workload().resources.cpu.used = used;
    return scene_.look();
  }

 private:
  Scene& scene_;
};

TEST(DeriveSignals, MeasuresTheRateBetweenTwoAnswersOfTheEngine) {
  Scene scene;
  Answers answer(scene);
  EXPECT_FALSE(answer.comes(seconds(50)).cpu_used);
  for (int tick = 1; tick < 10; ++tick) {
    EXPECT_EQ(scene.look_after(seconds(1)).cpu_used.reason(), "needs a second reading") << "the same answer, again";
  }
  scene.snapshot.at += seconds(1);
  EXPECT_DOUBLE_EQ(answer.comes(seconds(55)).cpu_used->count, 0.5);
}

TEST(DeriveSignals, ShowsTheRateUntilTheEnginesNextAnswer) {
  Scene scene;
  Answers answer(scene);
  answer.comes(seconds(50));
  scene.snapshot.at += seconds(10);
  answer.comes(seconds(55));
  for (int tick = 1; tick < 10; ++tick) EXPECT_DOUBLE_EQ(scene.look_after(seconds(1)).cpu_used->count, 0.5);
  scene.snapshot.at += seconds(1);
  EXPECT_DOUBLE_EQ(answer.comes(seconds(55)).cpu_used->count, 0.0) << "it rested for these ten seconds";
}

TEST(DeriveSignals, AnAbsentCounterHasNoRateAndTheNextOneSpansTheGap) {
  Scene scene;
  scene.look();
  auto& used = scene.workload().resources.cpu.used;
  used = Reading<base::Duration>::absent("cpu.stat: no");
  EXPECT_EQ(scene.look_after(seconds(1)).cpu_used.reason(), "cpu.stat: no");
  used = base::Duration(seconds(51));
  EXPECT_DOUBLE_EQ(scene.look_after(seconds(3)).cpu_used->count, 0.25);
}

TEST(DeriveSignals, ACounterOfAnotherRunIsNoReference) {
  Scene scene;
  scene.look();
  scene.workload().lifecycle.starts = 2;
  EXPECT_EQ(scene.look_after(seconds(1)).cpu_used.reason(), "needs a second reading");
}

TEST(DeriveSignals, LeakDetectionTurnedOffIsUnknown) {
  Scene scene;
  scene.settings.leak_enabled = false;
  const auto signals = scene.look();
  EXPECT_EQ(signals.leak, LeakState::unknown);
  EXPECT_EQ(signals.growth.reason(), "leak detection is off for this workload");
}

TEST(DeriveSignals, TellRestartsAndLoop) {
  Scene scene;
  scene.look();
  scene.workload().lifecycle.starts = 5;
  const auto signals = scene.look_after(seconds(1));
  EXPECT_EQ(signals.restarts_total, 4U);
  EXPECT_TRUE(signals.restart_loop.looping);
}

TEST(DeriveSignals, ACopyOfTheHistoryLeavesTheRealOneAlone) {
  Scene scene;
  scene.look();
  auto copy = scene.history;
  scene.workload().resources.memory.oom_kills = 0;
  scene.workload().lifecycle.starts = 2;
  derive_signals(scene.snapshot, scene.workload(), scene.settings, copy);
  EXPECT_EQ(scene.history.runs.restarts_total, 0U);
}

TEST(DeriveSignals, SayOfMemoryThatGrowsWhatTheCleanupsDoAboutIt) {
  Scene scene;
  scene.settings.logs = {{"cleanup", minutes(10), minutes(1)}};
  WorkloadSignals signals;
  for (int minute = 0; minute < 240; ++minute) {
    scene.workload().resources.memory.anon = base::Bytes{mebibytes(300).count + minute * mebibytes(1).count};
    if (minute % 10 == 5) ++scene.log().matches;
    signals = scene.look_after(minutes(1));
  }
  EXPECT_TRUE(is_rising(signals.leak));
  EXPECT_NE(signals.leak_evidence.find("; cleanup: 24 cleanups, 0 MiB given back: the cleanup runs but does not free"),
            std::string::npos)
      << signals.leak_evidence;
  EXPECT_EQ(signals.logs.front().cleanups.judged, 24U);
}

}  // namespace
}  // namespace guard::signal

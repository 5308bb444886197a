// Many workloads at once: none waits for another's drain, and what waits is looked at again when its turn comes.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/guard/fakes.h"

namespace guard {
namespace {

using testing::SizeIs;

config::Config many(std::size_t workloads) {
  std::vector<config::WorkloadConfig> all;
  for (std::size_t i = 0; i < workloads; ++i)
    all.push_back(workload_config("w" + std::to_string(i), {memory_rule({policy::Restart{}})}));
  return config_of(std::move(all));
}

void use_too_much_memory(Scene& scene, std::size_t workloads) {
  for (std::size_t i = 0; i < workloads; ++i) scene.use_memory(900, i);
}

TEST(ManyActions, BeginAtOnceUpToTheBound) {
  Scene scene(many(20));
  use_too_much_memory(scene, 20);
  scene.tick(11);
  EXPECT_THAT(scene.executor.decisions, SizeIs(Enforcer::kMostAtOnce));
  scene.executor.finish();
  EXPECT_THAT(scene.executor.decisions, SizeIs(Enforcer::kMostAtOnce + 1));
}

TEST(ManyActions, AreRecheckedWhenTheirTurnComes) {
  Scene scene(many(10));
  use_too_much_memory(scene, 10);
  scene.tick(11);
  scene.use_memory(100, 8);
  scene.tick(300);
  scene.executor.finish();
  EXPECT_THAT(scene.executor.decisions, SizeIs(Enforcer::kMostAtOnce + 1));
  EXPECT_EQ(scene.executor.decisions.back().workload, "w9") << "w8 has recovered while it waited";
  EXPECT_EQ(scene.counted("restart", "recovered"), 1U);
}

TEST(ManyActions, AllEndAndEachIsRecordedOnce) {
  Scene scene(many(300));
  use_too_much_memory(scene, 300);
  scene.tick(11);
  while (!scene.executor.unfinished.empty()) scene.executor.finish();
  EXPECT_EQ(scene.counted("restart", "done"), 300U);
  EXPECT_FALSE(scene.guard().is_acting());
  const auto lines = scene.journal();
  EXPECT_THAT(lines, SizeIs(600)) << "each when it begins and when it ends";
}

TEST(ManyActions, TheResultOfOneThatOutlastsManyRecordsIsNotLost) {
  config::Config config = many(2);
  config.workloads[1].actions.max = 1000;
  config.workloads[1].rules[0].cooldown = std::chrono::seconds(60);
  Scene scene(config);
  scene.use_memory(900, 0);
  scene.tick(11);
  ASSERT_THAT(scene.executor.unfinished, SizeIs(1));
  auto slow = std::move(scene.executor.unfinished.front());
  scene.executor.unfinished.clear();
  for (int i = 0; i < 500; ++i) {
    scene.use_memory(i % 2 == 0 ? 900 : 100, 1);
    scene.tick(61);
    while (!scene.executor.unfinished.empty()) scene.executor.finish();
  }
  ASSERT_GT(scene.report().recent_actions.front().number, 1U);
  const auto before = scene.counted("restart", "failed");
  slow(base::fail(base::Code::deadline_exceeded, "it hung"));
  EXPECT_EQ(scene.counted("restart", "failed"), before + 1);
  EXPECT_THAT(scene.journal(), testing::Contains(testing::HasSubstr("it hung")));
}

TEST(ManyActions, ABreachIsMeasuredToTheEndOfTheAction) {
  Scene scene(many(1));
  scene.use_memory(900);
  scene.tick(11);
  EXPECT_EQ(scene.report().breach_to_action.count, 0U);
  scene.tick(30);
  scene.executor.finish();
  EXPECT_EQ(scene.report().breach_to_action.count, 1U);
  EXPECT_DOUBLE_EQ(scene.report().breach_to_action.sum_seconds, 40);
}

TEST(ManyActions, ANotificationWaitsForNoRestart) {
  config::Config config = many(9);
  config.workloads[8].rules = {memory_rule({policy::Notify{}})};
  Scene scene(config);
  use_too_much_memory(scene, 9);
  scene.tick(11);
  EXPECT_THAT(scene.executor.decisions, SizeIs(9));
}

}  // namespace
}  // namespace guard

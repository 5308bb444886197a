// Caps that drifted are brought back, and those that are refused are not asked for every tick.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/guard/fakes.h"

namespace guard {
namespace {

using testing::IsEmpty;
using testing::SizeIs;

config::Config capped(bool dry_run = false) {
  config::WorkloadConfig web = workload_config("web");
  web.caps.memory = base::mebibytes(700);
  config::Config config = config_of({web});
  config.agent.dry_run = dry_run;
  return config;
}

void set_limit(Scene& scene, std::int64_t mebibytes) {
  scene.collector.workloads[0].caps.kernel.memory = base::mebibytes(mebibytes);
}

TEST(Caps, ThatDriftedAreBroughtBackAtTheNextTick) {
  Scene scene(capped());
  set_limit(scene, 700);
  scene.tick();
  EXPECT_THAT(scene.executor.decisions, IsEmpty());
  set_limit(scene, 2000);
  scene.tick();
  ASSERT_THAT(scene.executor.decisions, SizeIs(1));
  EXPECT_EQ(scene.executor.decisions[0].rule, "caps");
  EXPECT_EQ(std::get<policy::ApplyCaps>(scene.executor.decisions[0].action).caps.memory, base::mebibytes(700));
}

TEST(Caps, ThatCannotBeReadAreLeftAlone) {
  Scene scene(capped());
  scene.tick(30);
  EXPECT_THAT(scene.executor.decisions, IsEmpty());
}

TEST(Caps, AreLeftAloneWhenTheSecondLookFindsThemInForce) {
  Scene scene(capped());
  set_limit(scene, 2000);
  scene.collector.at_recheck = [](sample::Workload& web) { web.caps.kernel.memory = base::mebibytes(700); };
  scene.tick();
  EXPECT_THAT(scene.executor.decisions, IsEmpty());
  EXPECT_EQ(scene.counted("caps", "recovered"), 1u);
}

TEST(Caps, ThatDriftAgainAfterASuccessAreBroughtBackAtOnce) {
  Scene scene(capped());
  set_limit(scene, 2000);
  scene.tick();
  scene.executor.finish();
  scene.tick();
  EXPECT_THAT(scene.executor.decisions, SizeIs(2));
}

TEST(Caps, ThatWereRefusedAreTriedAgainAfterTenSeconds) {
  Scene scene(capped());
  set_limit(scene, 2000);
  scene.tick();
  scene.executor.finish(base::fail(base::Code::unavailable, "the engine is down"));
  scene.tick(9);
  EXPECT_THAT(scene.executor.decisions, SizeIs(1)) << "nine seconds later";
  scene.tick();
  EXPECT_THAT(scene.executor.decisions, SizeIs(2)) << "ten seconds later";
}

base::Error too_many_cpus() { return {base::Code::invalid_argument, "Range of CPUs is from 0.01 to 2.00"}; }

TEST(Caps, ThatAreRefusedForGoodAreTriedEverMoreRarelyUpToTenMinutes) {
  Scene scene(capped());
  set_limit(scene, 2000);
  std::vector<int> pauses;
  int since = 0;
  for (int second = 0; second < 3600; ++second, ++since) {
    scene.tick();
    if (scene.executor.unfinished.empty()) continue;
    scene.executor.finish(base::fail(too_many_cpus()));
    pauses.push_back(std::exchange(since, 0));
  }
  EXPECT_THAT(pauses, testing::ElementsAre(0, 10, 20, 40, 80, 160, 320, 600, 600, 600, 600));
}

TEST(Caps, ThatAreRefusedForTheSameReasonAreRecordedOnce) {
  Scene scene(capped());
  set_limit(scene, 2000);
  for (int second = 0; second < 600; ++second) {
    scene.tick();
    if (!scene.executor.unfinished.empty()) scene.executor.finish(base::fail(too_many_cpus()));
  }
  EXPECT_GT(scene.executor.decisions.size(), 5U);
  EXPECT_EQ(scene.counted("caps", "failed"), 1U);
  EXPECT_EQ(scene.report().recent_actions.size(), 1U);
  ASSERT_TRUE(scene.report().workloads[0].caps_refusal);
  EXPECT_EQ(scene.report().workloads[0].caps_refusal->why, "Range of CPUs is from 0.01 to 2.00");
  EXPECT_THAT(scene.report().workloads[0].caps_refusal->resources, testing::ElementsAre("memory"));
}

TEST(Caps, ARefusalWhoseMessageHasAnotherNumberEachTimeIsRecordedOnce) {
  Scene scene(capped());
  set_limit(scene, 2000);
  for (int second = 0; second < 300; ++second) {
    scene.tick();
    if (scene.executor.unfinished.empty()) continue;
    scene.executor.finish(base::fail(base::Code::conflict, "below the " + std::to_string(second) + " MiB in use"));
  }
  EXPECT_EQ(scene.counted("caps", "failed"), 1U);
}

TEST(Caps, ThatAreRefusedAreTriedAtOnceWhenAnotherContainerRuns) {
  Scene scene(capped());
  set_limit(scene, 2000);
  scene.tick();
  scene.executor.finish(base::fail(too_many_cpus()));
  scene.tick();
  EXPECT_THAT(scene.executor.decisions, SizeIs(1));
  scene.collector.workloads[0].identity.key = "container:another";
  scene.tick();
  EXPECT_THAT(scene.executor.decisions, SizeIs(2));
}

TEST(Caps, ThatAreInForceAfterARefusalAreRecordedAndNoLongerRefused) {
  Scene scene(capped());
  set_limit(scene, 2000);
  scene.tick();
  scene.executor.finish(base::fail(too_many_cpus()));
  scene.tick(10);
  scene.executor.finish();
  set_limit(scene, 700);
  scene.tick();
  EXPECT_EQ(scene.counted("caps", "done"), 1U);
  EXPECT_FALSE(scene.report().workloads[0].caps_refusal);
}

TEST(Caps, OneThatIsRefusedLeavesTheOthersAlone) {
  config::Config config = capped();
  config.workloads[0].caps.memory_high = base::mebibytes(600);
  Scene scene(config);
  set_limit(scene, 2000);
  scene.collector.workloads[0].caps.kernel.memory_high = base::Bytes::unlimited();
  scene.collector.workloads[0].caps.has_memory_high = true;
  for (int second = 0; second < 30; ++second) {
    scene.tick();
    if (scene.executor.unfinished.empty()) continue;
    const bool is_high =
        std::get<policy::ApplyCaps>(scene.executor.decisions.back().action).caps.memory_high.has_value();
    if (is_high) {
      scene.executor.finish(base::fail(too_many_cpus()));
    } else {
      scene.executor.finish();
      set_limit(scene, 700);
    }
  }
  EXPECT_EQ(scene.counted("caps", "done"), 1U);
  EXPECT_EQ(scene.counted("caps", "failed"), 1U);
  EXPECT_LE(scene.executor.decisions.size(), 4U) << "the refused one is tried after 0, 10 and 30 seconds";
  ASSERT_TRUE(scene.report().workloads[0].caps_refusal);
  EXPECT_THAT(scene.report().workloads[0].caps_refusal->resources, testing::ElementsAre("memory_high"));
}

TEST(Caps, OfAPausedWorkloadAreKept) {
  Scene scene(capped());
  set_limit(scene, 2000);
  scene.collector.workloads[0].lifecycle.state = sample::State::paused;
  scene.tick();
  EXPECT_THAT(scene.executor.decisions, SizeIs(1));
}

TEST(Caps, ARefusalIsForgottenWithTheNextSuccess) {
  Scene scene(capped());
  set_limit(scene, 2000);
  scene.tick();
  scene.executor.finish(base::fail(base::Code::unavailable, "the engine is down"));
  scene.tick(10);
  scene.executor.finish();
  scene.tick();
  EXPECT_THAT(scene.executor.decisions, SizeIs(3));
}

TEST(Caps, ADryRunSaysADriftOnce) {
  Scene scene(capped(true));
  set_limit(scene, 2000);
  scene.tick(3600);
  EXPECT_EQ(scene.counted("caps", "dry_run"), 1u);
  EXPECT_THAT(scene.executor.decisions, IsEmpty());
}

TEST(Caps, AreComparedInTheReport) {
  Scene scene(capped());
  set_limit(scene, 2000);
  scene.tick();
  ASSERT_THAT(scene.report().workloads[0].caps, SizeIs(1));
  EXPECT_TRUE(scene.report().workloads[0].caps[0].drifted);
  set_limit(scene, 700);
  scene.tick();
  EXPECT_FALSE(scene.report().workloads[0].caps[0].drifted);
}

}  // namespace
}  // namespace guard

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
  EXPECT_THAT(scene.hands.decisions, IsEmpty());
  set_limit(scene, 2000);
  scene.tick();
  ASSERT_THAT(scene.hands.decisions, SizeIs(1));
  EXPECT_EQ(scene.hands.decisions[0].rule, "caps");
  EXPECT_EQ(std::get<policy::ApplyCaps>(scene.hands.decisions[0].action).caps.memory, base::mebibytes(700));
}

TEST(Caps, ThatCannotBeReadAreLeftAlone) {
  Scene scene(capped());
  scene.tick(30);
  EXPECT_THAT(scene.hands.decisions, IsEmpty());
}

TEST(Caps, AreLeftAloneWhenTheSecondLookFindsThemInForce) {
  Scene scene(capped());
  set_limit(scene, 2000);
  scene.collector.at_second_look = [](sample::Workload& web) { web.caps.kernel.memory = base::mebibytes(700); };
  scene.tick();
  EXPECT_THAT(scene.hands.decisions, IsEmpty());
  EXPECT_EQ(scene.counted("caps", "recovered"), 1u);
}

TEST(Caps, ThatDriftAgainAfterASuccessAreBroughtBackAtOnce) {
  Scene scene(capped());
  set_limit(scene, 2000);
  scene.tick();
  scene.hands.finish();
  scene.tick();
  EXPECT_THAT(scene.hands.decisions, SizeIs(2));
}

TEST(Caps, ThatWereRefusedAreTriedAgainAfterTenSeconds) {
  Scene scene(capped());
  set_limit(scene, 2000);
  scene.tick();
  scene.hands.finish(base::fail(base::Code::unavailable, "the engine is down"));
  scene.tick(9);
  EXPECT_THAT(scene.hands.decisions, SizeIs(1)) << "nine seconds later";
  scene.tick();
  EXPECT_THAT(scene.hands.decisions, SizeIs(2)) << "ten seconds later";
}

TEST(Caps, ARefusalIsForgottenWithTheNextSuccess) {
  Scene scene(capped());
  set_limit(scene, 2000);
  scene.tick();
  scene.hands.finish(base::fail(base::Code::unavailable, "the engine is down"));
  scene.tick(10);
  scene.hands.finish();
  scene.tick();
  EXPECT_THAT(scene.hands.decisions, SizeIs(3));
}

TEST(Caps, ADryRunSaysADriftNotMoreOftenThanEveryTenSeconds) {
  Scene scene(capped(true));
  set_limit(scene, 2000);
  scene.tick(20);
  EXPECT_EQ(scene.counted("caps", "dry_run"), 2u);
  EXPECT_THAT(scene.hands.decisions, IsEmpty());
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

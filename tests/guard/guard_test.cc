// The tick's way from a sample to an action, with eyes and hands of the test's own.

#include "guard/guard.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/guard/fakes.h"

namespace guard {
namespace {

using std::chrono::seconds;
using telemetry::Outcome;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

config::Config one_rule(policy::ActionSpec action) {
  return config_of({workload_config("web", {memory_rule({std::move(action)})})});
}

TEST(Tick, ActsOnceTheConditionHasHeldItsTime) {
  Scene scene(one_rule(policy::Restart{}));
  scene.use_memory(900);
  scene.tick(10);
  EXPECT_THAT(scene.executor.decisions, IsEmpty()) << "nine seconds after the breach";
  scene.tick();
  ASSERT_THAT(scene.executor.decisions, SizeIs(1));
  EXPECT_EQ(scene.executor.decisions[0].rule, "memory-high");
  EXPECT_EQ(scene.executor.decisions[0].workload, "web");
}

TEST(Tick, DoesNotActJustUnderTheThreshold) {
  Scene scene(one_rule(policy::Restart{}));
  scene.use_memory(850);
  scene.tick(60);
  EXPECT_THAT(scene.executor.decisions, IsEmpty());
}

TEST(Tick, WritesTheDecisionDownBeforeItActs) {
  Scene scene(one_rule(policy::Restart{}));
  std::vector<std::string> written;
  scene.executor.before_acting = [&] { written = scene.journal(); };
  scene.use_memory(900);
  scene.tick(11);
  ASSERT_THAT(written, SizeIs(1));
  EXPECT_THAT(written[0], HasSubstr(R"("action":"restart")"));
  EXPECT_THAT(written[0], HasSubstr(R"("outcome":null)"));
}

TEST(Tick, WritesTheResultDownAfterwards) {
  Scene scene(one_rule(policy::Restart{}));
  scene.use_memory(900);
  scene.tick(11);
  scene.executor.finish(std::string("runs again as process 7"));
  ASSERT_THAT(scene.journal(), SizeIs(2));
  EXPECT_THAT(scene.journal()[1], HasSubstr(R"("outcome":"done")"));
  EXPECT_THAT(scene.journal()[1], HasSubstr("runs again as process 7"));
  EXPECT_EQ(scene.counted("restart", "done"), 1u);
}

TEST(Tick, CountsAnActionThatFailed) {
  Scene scene(one_rule(policy::Restart{}));
  scene.use_memory(900);
  scene.tick(11);
  scene.executor.finish(base::fail(base::Code::unavailable, "the engine is down"));
  EXPECT_EQ(scene.last_action().outcome, Outcome::failed);
  EXPECT_EQ(scene.last_action().result, "the engine is down");
  EXPECT_EQ(scene.counted("restart", "failed"), 1u);
}

TEST(SecondLook, DropsWhatHasRecovered) {
  Scene scene(one_rule(policy::Restart{}));
  scene.collector.at_recheck = [](sample::Workload& web) { web.resources.memory.usage = base::mebibytes(200); };
  scene.use_memory(900);
  scene.tick(11);
  EXPECT_THAT(scene.executor.decisions, IsEmpty());
  EXPECT_EQ(scene.last_action().outcome, Outcome::recovered);
  EXPECT_EQ(scene.counted("restart", "recovered"), 1u);
}

TEST(SecondLook, DropsWhatIsAnotherWorkloadByNow) {
  Scene scene(one_rule(policy::Restart{}));
  scene.collector.at_recheck = [](sample::Workload& web) { web.identity.key = "container:its-successor"; };
  scene.use_memory(900);
  scene.tick(11);
  EXPECT_THAT(scene.executor.decisions, IsEmpty());
  EXPECT_EQ(scene.counted("restart", "recovered"), 1u);
}

TEST(SecondLook, DropsWhatCannotBeReadAnyMore) {
  Scene scene(one_rule(policy::Restart{}));
  scene.collector.at_recheck = [](sample::Workload& web) {
    web.resources.memory.usage = sample::Reading<base::Bytes>::absent("No such device");
  };
  scene.use_memory(900);
  scene.tick(11);
  EXPECT_THAT(scene.executor.decisions, IsEmpty());
}

TEST(SecondLook, LeavesTheRuleReadyForABreachThatComesBack) {
  Scene scene(one_rule(policy::Restart{}));
  scene.collector.at_recheck = [](sample::Workload& web) { web.resources.memory.usage = base::mebibytes(200); };
  scene.use_memory(900);
  scene.tick(11);
  scene.collector.at_recheck = [](sample::Workload&) {};
  scene.tick();
  EXPECT_THAT(scene.executor.decisions, SizeIs(1)) << "nothing was done, so there is nothing to rest from";
}

TEST(Doubt, AnAbsentReadingNeverActs) {
  Scene scene(one_rule(policy::Restart{}));
  scene.use_memory(900);
  scene.tick(9);
  scene.collector.workloads[0].resources.memory.usage = sample::Reading<base::Bytes>::absent("Input/output error");
  scene.tick(120);
  EXPECT_THAT(scene.executor.decisions, IsEmpty());
  EXPECT_EQ(scene.collector.rechecks, 0);
}

TEST(Doubt, AnUnknownStateNeverActs) {
  Scene scene(config_of({[] {
    auto web = workload_config("web", {memory_rule({policy::Restart{}})});
    web.caps.memory = base::mebibytes(700);
    return web;
  }()}));
  sample::Workload& web = scene.collector.workloads[0];
  web.lifecycle = {};
  web.lifecycle.why = "the engine does not answer";
  web.identity = {};
  web.resources = {};
  web.caps = {};
  scene.tick(120);
  EXPECT_THAT(scene.executor.decisions, IsEmpty());
}

TEST(DryRun, DecidesAndWritesButNeverTouches) {
  config::Config config = one_rule(policy::Restart{});
  config.agent.dry_run = true;
  Scene scene(std::move(config));
  scene.use_memory(900);
  scene.tick(60);
  EXPECT_THAT(scene.executor.decisions, IsEmpty());
  EXPECT_EQ(scene.counted("restart", "dry_run"), 1u);
  EXPECT_THAT(scene.journal(), SizeIs(1));
  EXPECT_TRUE(scene.report().dry_run);
}

TEST(Actions, AreOneAtATimeForAWorkload) {
  policy::Rule every_tick = memory_rule({policy::Signal{10}});
  every_tick.held_for = seconds(0);
  every_tick.cooldown = seconds(0);
  Scene scene(config_of({workload_config("web", {every_tick})}));
  scene.use_memory(900);
  scene.tick(30);
  ASSERT_THAT(scene.executor.decisions, SizeIs(1));
  scene.executor.finish();
  scene.tick(30);
  EXPECT_THAT(scene.executor.decisions, SizeIs(2));
}

TEST(Actions, OfOneWorkloadDoNotHoldUpAnother) {
  Scene scene(config_of({workload_config("web", {memory_rule({policy::Restart{}})}),
                         workload_config("worker", {memory_rule({policy::Restart{}})})}));
  scene.use_memory(900, 0);
  scene.use_memory(900, 1);
  scene.tick(11);
  ASSERT_THAT(scene.executor.decisions, SizeIs(2));
  EXPECT_EQ(scene.executor.decisions[1].workload, "worker");
}

TEST(Actions, OfOneRuleAreCarriedOutOneAfterTheOther) {
  Scene scene(config_of({workload_config("web", {memory_rule({policy::Shed{}, policy::Restart{}})})}));
  scene.use_memory(900);
  scene.tick(11);
  ASSERT_THAT(scene.executor.decisions, SizeIs(1));
  EXPECT_EQ(policy::name_of(scene.executor.decisions[0].action), "shed");
  scene.executor.finish();
  ASSERT_THAT(scene.executor.decisions, SizeIs(2));
  EXPECT_EQ(policy::name_of(scene.executor.decisions[1].action), "restart");
  scene.executor.finish();
  scene.tick(60);
  EXPECT_THAT(scene.executor.decisions, SizeIs(2)) << "the cool-down counts from the firing";
}

TEST(Actions, TheSecondOfARuleIsDroppedWhenTheFirstHasHelped) {
  Scene scene(config_of({workload_config("web", {memory_rule({policy::Shed{}, policy::Restart{}})})}));
  scene.use_memory(900);
  scene.tick(11);
  scene.use_memory(300);
  scene.executor.finish();
  EXPECT_THAT(scene.executor.decisions, SizeIs(1));
  EXPECT_EQ(scene.counted("restart", "recovered"), 1u);
  scene.use_memory(900);
  scene.tick(60);
  EXPECT_THAT(scene.executor.decisions, SizeIs(1))
      << "the rule has acted: it rests though its second action was dropped";
}

TEST(Actions, AreToldToTheListenerOnceTheirOutcomeIsKnown) {
  Scene scene(one_rule(policy::Restart{}));
  std::vector<telemetry::ActionRecord> told;
  scene.guard().on_action([&](const telemetry::ActionRecord& action) { told.push_back(action); });
  scene.use_memory(900);
  scene.tick(11);
  EXPECT_THAT(told, IsEmpty()) << "it is still under way";
  scene.executor.finish();
  ASSERT_THAT(told, SizeIs(1));
  EXPECT_EQ(told[0].outcome, Outcome::done);
}

TEST(Journal, ThatCannotBeWrittenDoesNotStopActing) {
  Scene scene(one_rule(policy::Restart{}));
  scene.break_journal();
  scene.use_memory(900);
  scene.tick(11);
  ASSERT_THAT(scene.executor.decisions, SizeIs(1));
  scene.executor.finish();
  EXPECT_EQ(scene.counted("restart", "done"), 1u);
}

}  // namespace
}  // namespace guard

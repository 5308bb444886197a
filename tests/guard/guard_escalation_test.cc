// An escalation from its first step to an open stop_latch, and what keeps it from acting.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/guard/fakes.h"

namespace guard {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;
using telemetry::Outcome;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

policy::Step step(policy::ActionSpec action, std::optional<base::Duration> within) {
  return {{std::move(action)}, std::nullopt, within};
}

policy::Rule escalation_rule() {
  policy::Rule rule = memory_rule({});
  rule.escalation = {step(policy::Shed{}, minutes(1)), step(policy::Restart{}, minutes(2)), step(policy::Stop{}, {})};
  return rule;
}

config::Config one_escalation() { return config_of({workload_config("web", {escalation_rule()})}); }

// What the hands were asked for, in order.
std::vector<std::string> acts(const Scene& scene) {
  std::vector<std::string> names;
  for (const auto& decision : scene.executor.decisions) names.emplace_back(policy::name_of(decision.action));
  return names;
}

// Ends whatever is begun, each second.
void go(Scene& scene, int for_seconds) {
  for (int i = 0; i < for_seconds; ++i) {
    scene.tick();
    while (!scene.executor.unfinished.empty()) scene.executor.finish();
  }
}

void set_running(Scene& scene, bool runs, const std::string& identity) {
  sample::Workload& web = scene.collector.workloads[0];
  web.lifecycle.state = runs ? sample::State::running : sample::State::stopped;
  web.identity.key = identity;
}

TEST(GuardEscalation, GoesFromStepToStepAndOpensTheBreaker) {
  Scene scene(one_escalation());
  scene.use_memory(900);
  go(scene, 11);
  EXPECT_THAT(acts(scene), ElementsAre("shed"));
  go(scene, 60);
  EXPECT_THAT(acts(scene), ElementsAre("shed", "restart"));
  go(scene, 120);
  EXPECT_THAT(acts(scene), ElementsAre("shed", "restart", "stop"));
  scene.tick();
  ASSERT_TRUE(scene.report().workloads[0].policy.stop_latch);
  EXPECT_EQ(scene.report().workloads[0].policy.stop_latch->rule, "memory-high");
  go(scene, 1200);
  EXPECT_THAT(scene.executor.decisions, SizeIs(3)) << "nobody acts on it while the breaker is open";
}

TEST(GuardEscalation, WritesTheStepItsEvidenceAndWhetherItHelped) {
  Scene scene(one_escalation());
  scene.use_memory(900);
  go(scene, 11);
  EXPECT_THAT(scene.journal().at(0), HasSubstr(R"("step":1,"steps":3)"));
  EXPECT_EQ(scene.report().workloads[0].policy.escalations.at(0).step, 1U);
  scene.use_memory(200);
  go(scene, 5);
  ASSERT_THAT(scene.journal(), SizeIs(3)) << "decided, done, helped";
  EXPECT_THAT(scene.journal()[2], HasSubstr(R"("effect":"memory fell to 200 MiB after 1s")"));
  EXPECT_EQ(scene.report().workloads[0].policy.escalations.at(0).step, 0U);
}

TEST(GuardEscalation, TheSecondLookAsksWhetherTheStepBeforeHasHelpedMeanwhile) {
  Scene scene(one_escalation());
  scene.use_memory(900);
  go(scene, 11);
  scene.collector.at_recheck = [](sample::Workload& web) { web.resources.memory.usage = base::mebibytes(200); };
  go(scene, 60);
  EXPECT_THAT(acts(scene), ElementsAre("shed"));
  EXPECT_EQ(scene.last_action().outcome, Outcome::recovered);
}

TEST(GuardEscalation, SurvivesAReload) {
  Scene scene(one_escalation());
  scene.use_memory(900);
  go(scene, 41);
  scene.reload(one_escalation());
  go(scene, 29);
  EXPECT_THAT(acts(scene), ElementsAre("shed"));
  go(scene, 1);
  EXPECT_THAT(acts(scene), ElementsAre("shed", "restart"));
}

TEST(GuardEscalation, AStepUnderWayAtAReloadIsWatchedAsIfItWereDone) {
  Scene scene(one_escalation());
  scene.use_memory(900);
  scene.tick(11);
  ASSERT_THAT(scene.executor.unfinished, SizeIs(1));
  scene.reload(one_escalation());
  scene.executor.unfinished.clear();
  go(scene, 60);
  EXPECT_THAT(acts(scene), ElementsAre("shed", "restart"));
}

TEST(GuardEscalation, ADryRunTellsTheWholeEscalationAndOpensNoBreaker) {
  config::Config config = one_escalation();
  config.agent.dry_run = true;
  Scene scene(config);
  scene.use_memory(900);
  go(scene, 200);
  EXPECT_THAT(scene.executor.decisions, IsEmpty());
  EXPECT_EQ(scene.counted("shed", "dry_run"), 1U);
  EXPECT_EQ(scene.counted("restart", "dry_run"), 1U);
  EXPECT_EQ(scene.counted("stop", "dry_run"), 1U);
  EXPECT_FALSE(scene.report().workloads[0].policy.stop_latch);
}

class StoppedByRule : public testing::Test {
 protected:
  StoppedByRule() : scene(config()) {
    scene.use_memory(900);
    go(scene, 11);
    set_running(scene, false, "container:web");
    go(scene, 5);
  }
  static config::Config config() { return config_of({workload_config("web", {memory_rule({policy::Stop{}})})}); }
  bool is_open() { return scene.report().workloads[0].policy.stop_latch.has_value(); }
  Scene scene;
};

TEST_F(StoppedByRule, IsHeldUntilSomebodyStartsIt) {
  EXPECT_TRUE(is_open());
  set_running(scene, true, "container:web");
  go(scene, 1);
  EXPECT_FALSE(is_open());
  go(scene, 20);
  EXPECT_THAT(acts(scene), ElementsAre("stop", "stop")) << "its rules act on it again, from the beginning";
}

TEST_F(StoppedByRule, IsHeldAcrossAReload) {
  scene.reload(config());
  go(scene, 1);
  EXPECT_TRUE(is_open());
}

TEST_F(StoppedByRule, IsHeldByTheNextAgentThatIsToldSo) {
  Scene next(config());
  next.guard().latch("web", {"memory-high", {}});
  next.use_memory(900);
  go(next, 60);
  EXPECT_THAT(next.executor.decisions, IsEmpty()) << "not seen down yet: it may be the run of before";
  EXPECT_EQ(next.counted("stop", "stop_latch"), 1U) << "said once";
}

TEST(ActionRate, IsAllThatIsEnforced) {
  policy::Rule often = memory_rule({policy::Signal{10}});
  often.cooldown = seconds(30);
  config::WorkloadConfig web = workload_config("web", {often});
  web.actions = {3, minutes(10)};
  Scene scene(config_of({web}));
  std::vector<Outcome> told;
  scene.guard().on_action([&](const auto& action) { told.push_back(*action.outcome); });
  scene.use_memory(900);
  go(scene, 300);
  EXPECT_THAT(scene.executor.decisions, SizeIs(3));
  EXPECT_EQ(scene.counted("signal", "rate_limit"), 1U) << "said once";
  EXPECT_THAT(told, ElementsAre(Outcome::done, Outcome::done, Outcome::done, Outcome::rate_limit));
  EXPECT_EQ(scene.report().workloads[0].policy.actions_counted, 3U);
  go(scene, 320);
  EXPECT_THAT(scene.executor.decisions, SizeIs(4)) << "ten minutes after the first";
}

TEST(ActionRate, SurvivesAReload) {
  config::WorkloadConfig web = workload_config("web", {memory_rule({policy::Signal{10}})});
  web.actions = {1, minutes(60)};
  Scene scene(config_of({web}));
  scene.use_memory(900);
  go(scene, 11);
  scene.reload(config_of({web}));
  go(scene, 600);
  EXPECT_THAT(scene.executor.decisions, SizeIs(1));
}

class Remembered : public testing::Test {
 protected:
  PastAction restart(base::Duration ago, std::size_t step = 0) {
    return {"web", "memory-high", scene->clock.wall_now() - std::chrono::duration_cast<base::WallTime::duration>(ago),
            step};
  }
  void make(policy::Rule rule, std::size_t budget) {
    config::WorkloadConfig web = workload_config("web", {std::move(rule)});
    web.actions = {budget, minutes(60)};
    scene.emplace(config_of({web}));
    scene->use_memory(900);
  }
  std::optional<Scene> scene;
};

TEST_F(Remembered, OfAnEarlierAgentCountsInTheBudget) {
  make(memory_rule({policy::Restart{}}), 2);
  scene->guard().remember(restart(minutes(50)));
  scene->guard().remember(restart(minutes(40)));
  go(*scene, 590);
  EXPECT_THAT(scene->executor.decisions, IsEmpty());
  go(*scene, 20);
  EXPECT_THAT(scene->executor.decisions, SizeIs(1)) << "the older one is an hour old";
}

TEST_F(Remembered, IsWhatItsRuleRestsFrom) {
  make(memory_rule({policy::Restart{}}), 10);
  scene->guard().remember(restart(minutes(4)));
  go(*scene, 59);
  EXPECT_THAT(scene->executor.decisions, IsEmpty());
  go(*scene, 2);
  EXPECT_THAT(scene->executor.decisions, SizeIs(1));
}

TEST_F(Remembered, IsWhereItsEscalationGoesOn) {
  make(escalation_rule(), 10);
  scene->guard().remember(restart(minutes(4), 1));
  go(*scene, 11);
  EXPECT_THAT(acts(*scene), ElementsAre("restart"));
}

TEST_F(Remembered, OutOfTheFutureIsNotBelieved) {
  make(memory_rule({policy::Restart{}}), 1);
  scene->guard().remember(restart(-minutes(4)));
  go(*scene, 11);
  EXPECT_THAT(scene->executor.decisions, SizeIs(1));
}

TEST(ActionRate, TellingPeopleIsFree) {
  policy::Rule often = memory_rule({policy::Notify{}});
  often.cooldown = seconds(1);
  config::WorkloadConfig web = workload_config("web", {often});
  web.actions = {1, minutes(10)};
  Scene scene(config_of({web}));
  scene.use_memory(900);
  go(scene, 40);
  EXPECT_THAT(scene.executor.decisions, SizeIs(30));
}

// The test's clock begins on Thursday, 2026-01-01, at 00:00 UTC.
config::Config with_window(minutes from, minutes to, std::vector<policy::ActionSpec> actions) {
  config::WorkloadConfig web = workload_config("web", {memory_rule(std::move(actions))});
  web.maintenance = {{from, to, {true, true, true, true, true, true, true}, false}};
  web.caps.memory = base::mebibytes(1000);
  return config_of({web});
}

TEST(Maintenance, NothingIsEnforcedButPeopleAreTold) {
  Scene scene(with_window(minutes(0), minutes(10), {policy::Notify{}, policy::Restart{}}));
  scene.use_memory(900);
  go(scene, 599);
  EXPECT_THAT(acts(scene), ElementsAre("notify"));
  EXPECT_EQ(scene.counted("restart", "maintenance"), 1U);
  EXPECT_EQ(scene.report().workloads[0].policy.maintenance, "00:00 to 00:10 UTC");
  go(scene, 2);
  EXPECT_THAT(acts(scene), ElementsAre("notify", "notify", "restart")) << "the window is over and the trouble is not";
}

TEST(Maintenance, CapsStayInForce) {
  Scene scene(with_window(minutes(0), minutes(10), {policy::Restart{}}));
  scene.collector.workloads[0].caps.kernel.memory = base::mebibytes(5000);
  go(scene, 1);
  EXPECT_THAT(acts(scene), ElementsAre("caps"));
}

TEST(Maintenance, OutsideItRulesAct) {
  Scene scene(with_window(minutes(10), minutes(20), {policy::Restart{}}));
  scene.use_memory(900);
  go(scene, 11);
  EXPECT_THAT(acts(scene), ElementsAre("restart"));
}

}  // namespace
}  // namespace guard

// One course of action a workload at a time: rules that want the same workload do not double each other.

#include <random>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/guard/fakes.h"

namespace guard {
namespace {

using policy::Strength;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::SizeIs;

policy::Rule named(const std::string& name, policy::ActionSpec action, base::Duration held_for = seconds(10)) {
  policy::Rule rule = memory_rule({std::move(action)});
  rule.name = name;
  rule.held_for = held_for;
  return rule;
}

std::vector<std::string> acts(const Scene& scene) {
  std::vector<std::string> names;
  for (const auto& decision : scene.executor.decisions) names.emplace_back(policy::name_of(decision.action));
  return names;
}

TEST(Arbitration, TwoRulesThatBothWantARestartRestartOnce) {
  Scene scene(config_of({workload_config("web", {named("a", policy::Restart{}), named("b", policy::Restart{})})}));
  scene.use_memory(900);
  scene.tick(11);
  scene.executor.finish();
  scene.tick(60);
  EXPECT_THAT(scene.executor.decisions, SizeIs(1));
  EXPECT_EQ(scene.counted("restart", "superseded"), 1U);
  EXPECT_EQ(scene.last_action().result, "rule a is acting on it");
}

TEST(Arbitration, AlsoWhenTheSecondWantsItWithinAMinute) {
  Scene scene(
      config_of({workload_config("web", {named("a", policy::Restart{}), named("b", policy::Restart{}, seconds(60))})}));
  scene.use_memory(900);
  scene.tick(11);
  scene.executor.finish();
  scene.tick(50);
  EXPECT_THAT(scene.executor.decisions, SizeIs(1));
  EXPECT_EQ(scene.last_action().result, "rule a acted on it 50s ago");
}

TEST(Arbitration, ButNotLongAfter) {
  Scene scene(
      config_of({workload_config("web", {named("a", policy::Restart{}), named("b", policy::Restart{}, seconds(70))})}));
  scene.use_memory(900);
  scene.tick(11);
  scene.executor.finish();
  scene.tick(60);
  EXPECT_THAT(scene.executor.decisions, SizeIs(2));
}

TEST(Arbitration, OfOneTickTheStrongestWins) {
  Scene scene(config_of({workload_config("web", {named("a", policy::Shed{}), named("b", policy::Restart{})})}));
  scene.use_memory(900);
  scene.tick(11);
  EXPECT_THAT(acts(scene), ElementsAre("restart"));
  EXPECT_EQ(scene.counted("shed", "superseded"), 1U);
}

TEST(Arbitration, AStrongerActionComesAfterTheWeakerThatIsUnderWay) {
  Scene scene(
      config_of({workload_config("web", {named("a", policy::Shed{}), named("b", policy::Restart{}, seconds(20))})}));
  scene.use_memory(900);
  scene.tick(21);
  EXPECT_THAT(acts(scene), ElementsAre("shed"));
  scene.executor.finish();
  EXPECT_THAT(acts(scene), ElementsAre("shed", "restart"));
}

TEST(Arbitration, AWatchingEscalationKeepsWeakerRulesAway) {
  policy::Rule escalation = named("escalation", policy::Shed{});
  escalation.actions.clear();
  escalation.escalation = {{{policy::Restart{}}, std::nullopt, minutes(30)}, {{policy::Stop{}}, {}, {}}};
  Scene scene(config_of({workload_config("web", {escalation, named("late", policy::Shed{}, minutes(10))})}));
  scene.use_memory(900);
  scene.tick(11);
  scene.executor.finish();
  scene.tick(700);
  EXPECT_THAT(acts(scene), ElementsAre("restart"));
  EXPECT_GE(scene.counted("shed", "superseded"), 1U);
  EXPECT_EQ(scene.last_action().result, "rule escalation acted on it and waits to see whether that helps");
}

TEST(Arbitration, AEscalationInDoubtKeepsNobodyAwayForLong) {
  policy::Rule escalation = named("escalation", policy::Restart{});
  escalation.actions.clear();
  policy::Condition unknowable;
  unknowable.metric = policy::Metric::unhealthy;  // there is no probe
  escalation.escalation = {{{policy::Restart{}}, unknowable, minutes(30)}};
  Scene scene(config_of({workload_config("web", {escalation, named("late", policy::Shed{}, seconds(60))})}));
  scene.use_memory(900);
  scene.tick(40);
  ASSERT_THAT(acts(scene), ElementsAre("restart"));
  scene.executor.finish();
  scene.tick(59);
  EXPECT_THAT(acts(scene), ElementsAre("restart"));
  scene.tick(300);
  EXPECT_THAT(acts(scene), ElementsAre("restart", "shed"));
}

TEST(Arbitration, TwoEscalationsThatEndAlikeDoNotKeepEachOtherFromActing) {
  policy::Rule first = named("first", policy::Restart{});
  first.actions.clear();
  first.escalation = {{{policy::Restart{}}, std::nullopt, {}}};
  policy::Rule second = first;
  second.name = "second";
  second.held_for = seconds(25);
  Scene scene(config_of({workload_config("web", {first, second})}));
  scene.use_memory(900);
  for (int i = 0; i < 1000; ++i) {
    scene.tick();
    while (!scene.executor.unfinished.empty()) scene.executor.finish();
  }
  EXPECT_THAT(acts(scene), ElementsAre("restart", "restart", "restart", "restart")) << "one each cool-down";
  EXPECT_GE(scene.counted("restart", "superseded"), 1U);
}

TEST(Arbitration, AStepMayHaveSeveralActionsOfOneKind) {
  policy::Rule rule = named("escalation", policy::Restart{});
  rule.actions.clear();
  rule.escalation = {{{policy::Signal{10}, policy::Signal{12}, policy::Signal{1}}, std::nullopt, minutes(1)},
                     {{policy::Restart{}}, std::nullopt, {}}};
  Scene scene(config_of({workload_config("web", {rule})}));
  scene.use_memory(900);
  for (int i = 0; i < 100; ++i) {
    scene.tick();
    while (!scene.executor.unfinished.empty()) scene.executor.finish();
  }
  EXPECT_THAT(acts(scene), ElementsAre("signal", "signal", "signal", "restart"));
}

TEST(Arbitration, WhatWaitsAlreadyIsSaidToWait) {
  policy::Rule rule = named("a", policy::Signal{10});
  rule.cooldown = seconds(20);
  Scene scene(config_of({workload_config("web", {rule})}));
  scene.use_memory(900);
  scene.tick(60);
  EXPECT_THAT(acts(scene), ElementsAre("signal"));
  EXPECT_EQ(scene.counted("signal", "superseded"), 1U);
  EXPECT_EQ(scene.last_action().result, "waits already");
}

TEST(Arbitration, ToTellPeopleIsNeverInTheWayOfAnything) {
  Scene scene(config_of({workload_config("web", {named("a", policy::Notify{}), named("b", policy::Restart{})})}));
  scene.use_memory(900);
  scene.tick(11);
  EXPECT_THAT(acts(scene), ElementsAre("notify", "restart"));
}

// Random rules over random memory, with hands that take their time and sometimes fail.
class RandomArbitration {
 public:
  explicit RandomArbitration(unsigned seed) : random_(seed), scene_(config_of({make_workload()})) {
    scene_.keep_no_journal();
  }

  void run() {
    for (int i = 0; i < 1500; ++i) {
      if (pick(20) == 0) scene_.use_memory(pick(3) == 0 ? 500 : 900);
      const std::size_t before = scene_.executor.decisions.size();
      scene_.tick();
      for (std::size_t k = before; k < scene_.executor.decisions.size(); ++k) began(scene_.executor.decisions[k]);
      while (pick(6) == 0 && !scene_.executor.unfinished.empty()) end_one();
      ASSERT_LE(scene_.executor.unfinished.size(), 1U) << "one action at a time";
    }
  }
  std::size_t actions() const { return scene_.executor.decisions.size(); }

 private:
  struct Done {
    std::string rule;
    Strength precedence;
    base::SteadyTime at;
  };

  int pick(int below) { return std::uniform_int_distribution<int>(0, below - 1)(random_); }

  policy::ActionSpec make_action() {
    switch (pick(4)) {
      case 0: return policy::Shed{};
      case 1: return policy::Reclaim{base::mebibytes(1)};
      case 2: return policy::Signal{10};
      default: return policy::Restart{};
    }
  }
  config::WorkloadConfig make_workload() {
    std::vector<policy::Rule> rules;
    const int count = 2 + pick(4);
    for (int i = 0; i < count; ++i) {
      policy::Rule rule = named("rule" + std::to_string(i), make_action(), seconds(pick(40)));
      rule.cooldown = seconds(5 + pick(200));
      if (pick(2) == 0) {
        rule.escalation = {{{policy::Shed{}}, std::nullopt, seconds(10 + pick(60))},
                           {{policy::Signal{10}}, std::nullopt, seconds(10 + pick(60))},
                           {{policy::Restart{}}, std::nullopt, {}}};
        rule.actions.clear();
      }
      rules.push_back(std::move(rule));
    }
    config::WorkloadConfig web = workload_config("web", rules);
    web.actions = {1 + static_cast<std::size_t>(pick(12)), minutes(10)};
    limit_ = web.actions;
    return web;
  }

  void end_one() {
    const bool fails = pick(5) == 0;
    if (!fails) done_.push_back({running_.rule, running_.precedence, scene_.clock.steady_now()});
    const std::size_t before = scene_.executor.decisions.size();
    scene_.executor.finish(fails ? base::Result<std::string>(base::fail(base::Code::unavailable, "no")) : "done");
    for (std::size_t k = before; k < scene_.executor.decisions.size(); ++k) began(scene_.executor.decisions[k]);
  }
  // What has been done by others within a minute is weaker, and the budget holds.
  void began(const policy::Decision& decision) {
    running_ = decision;
    const auto now = scene_.clock.steady_now();
    began_at_.push_back(now);
    for (const Done& done : done_) {
      if (done.rule == decision.rule || now - done.at >= policy::Arbitration::kSettling) continue;
      ASSERT_LT(done.precedence, decision.precedence) << done.rule << " then " << decision.rule;
    }
    const auto recent = std::ranges::count_if(began_at_, [&](base::SteadyTime at) { return now - at < limit_.within; });
    ASSERT_LE(static_cast<std::size_t>(recent), limit_.max);
  }

  std::mt19937 random_;
  policy::ActionRateLimit limit_;
  Scene scene_;
  policy::Decision running_;
  std::vector<Done> done_;
  std::vector<base::SteadyTime> began_at_;
};

TEST(Arbitration, HoldsForAnyRules) {
  std::size_t actions = 0;
  for (unsigned seed = 1; seed <= 40; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    RandomArbitration arbitration(seed);
    arbitration.run();
    if (testing::Test::HasFatalFailure()) return;
    actions += arbitration.actions();
  }
  EXPECT_GT(actions, 100U) << "too few to show anything";
}

}  // namespace
}  // namespace guard

#include "guard/policy/escalation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "guard/policy/decision.h"

namespace guard::policy {
namespace {

using base::mebibytes;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::HasSubstr;

constexpr base::Duration kMaxGap = seconds(3);
constexpr int kAbsent = -1;

Condition below(double ratio) { return {Metric::memory, {}, Comparison::below, {ratio, true}}; }

// "memory > 85% for 10s": shed until it is below 75 %, within a minute; then restart, within two; then stop. What is
// decided is done at once unless the test holds the answers back.
class Scene {
 public:
  Scene() {
    rule.name = "memory";
    rule.trip = {0.85, true};
    rule.clear = Threshold{0.8, true};
    rule.held_for = seconds(10);
    rule.cooldown = minutes(5);
    rule.escalation = {
        {{Notify{}, Shed{}}, below(0.75), minutes(1)}, {{Restart{}}, std::nullopt, minutes(2)}, {{Stop{}}, {}, {}}};
    signals.workload = "web";
    signals.identity.key = "pid:1@1";
    signals.state = sample::State::running;
    signals.memory_limit = mebibytes(1000);
  }

  // Looks once a second for so long; the actions that were decided on, in words.
  std::string see(int percent, base::Duration length = seconds(1)) {
    std::string decided;
    for (const auto end = now + length; now < end;) {
      now += seconds(1);
      if (percent == kAbsent) {
        signals.unreclaimable = sample::Reading<base::Bytes>::absent("EIO");
        signals.memory_used = sample::Reading<base::Ratio>::absent("EIO");
      } else {
        signals.unreclaimable = mebibytes(10 * percent);
        signals.memory_used = base::Ratio{percent / 100.0};
      }
      for (const auto& decision : evaluate({rule}, signals, now, kMaxGap, states)) {
        decided += (decided.empty() ? "" : " ") + std::string(name_of(decision.action));
        last = decision;
        if (answers) record_step(*answers, now, escalation());
      }
    }
    return decided;
  }
  EscalationState& escalation() { return states["memory"].escalation; }
  std::string effect() { return std::exchange(escalation().effect, {}); }

  Rule rule;
  signal::WorkloadSignals signals;
  RuleStates states;
  Decision last;
  std::optional<StepOutcome> answers = StepOutcome::done;
  base::SteadyTime now{seconds(1000)};
};

TEST(Escalation, BeginsWithItsFirstStepWhenTheRuleTrips) {
  Scene scene;
  EXPECT_EQ(scene.see(90, seconds(10)), "");
  EXPECT_EQ(scene.see(90), "notify shed");
  EXPECT_EQ(scene.last.step, 1U);
  EXPECT_EQ(scene.last.steps, 3U);
  EXPECT_EQ(scene.last.precedence, Strength::shed);
  EXPECT_THAT(scene.last.reason, HasSubstr("above 85% for 10s; step 1 of 3"));
}

TEST(Escalation, EndsWhenTheStepHelped) {
  Scene scene;
  scene.see(90, seconds(11));
  EXPECT_EQ(scene.see(90, seconds(40)), "");
  EXPECT_EQ(scene.see(74), "");
  EXPECT_EQ(scene.effect(), "memory fell to 740 MiB after 41s");
  EXPECT_EQ(scene.escalation().phase, EscalationState::Phase::idle);
  EXPECT_EQ(scene.see(74, minutes(30)), "");
}

TEST(Escalation, GoesOnWhenTheStepHasNotHelpedInItsTime) {
  Scene scene;
  scene.see(90, seconds(11));
  EXPECT_EQ(scene.see(90, seconds(59)), "");
  EXPECT_EQ(scene.see(90), "restart");
  EXPECT_EQ(scene.effect(), "memory is still 900 MiB after 1m");
  EXPECT_THAT(scene.last.reason, HasSubstr("step 2 of 3: memory is still 900 MiB after 1m"));
}

TEST(Escalation, TheGoalIsUntilAndNotThatTheRuleTripsNoMore) {
  Scene scene;
  scene.see(90, seconds(11));
  EXPECT_EQ(scene.see(76, seconds(60)), "restart") << "the shed was to bring it below 75 %";
  EXPECT_THAT(scene.last.reason, HasSubstr("memory 760 MiB is 76% of 1000 MiB, above 75%"));
  EXPECT_FALSE(still_holds(scene.last,
                           [&] {
                             scene.signals.memory_used = base::Ratio{0.74};
                             return scene.signals;
                           }()))
      << "asked again right before the restart";
}

TEST(Escalation, WithoutUntilTheRulesOwnClearIsTheGoal) {
  Scene scene;
  scene.rule.escalation[0].until.reset();
  scene.see(90, seconds(11));
  EXPECT_EQ(scene.see(81, seconds(59)), "") << "no longer tripping, but not clear";
  EXPECT_EQ(scene.see(79), "");
  EXPECT_EQ(scene.effect(), "memory fell to 790 MiB after 1m");
}

TEST(Escalation, DoubtNeitherEndsItNorTakesItFurther) {
  Scene scene;
  scene.see(90, seconds(11));
  EXPECT_EQ(scene.see(90, seconds(30)), "");
  EXPECT_EQ(scene.see(kAbsent, minutes(60)), "");
  EXPECT_EQ(scene.escalation().phase, EscalationState::Phase::observing);
  EXPECT_EQ(scene.see(90, seconds(30)), "") << "the reading after the unknown ends no time that is known";
  EXPECT_EQ(scene.see(90), "restart");
}

TEST(Escalation, TimeInWhichNobodyLookedDoesNotCount) {
  Scene scene;
  scene.see(90, seconds(11));
  scene.now += minutes(10);
  EXPECT_EQ(scene.see(90, seconds(59)), "");
}

TEST(Escalation, AFailedStepGivesWayAtOnce) {
  Scene scene;
  scene.answers = StepOutcome::failed;
  scene.see(90, seconds(11));
  scene.answers = StepOutcome::done;
  EXPECT_EQ(scene.see(90), "restart");
}

TEST(Escalation, AFailedStepGivesWayToNothingWhenTheTroubleIsOver) {
  Scene scene;
  scene.answers = StepOutcome::failed;
  scene.see(90, seconds(11));
  EXPECT_EQ(scene.see(70, minutes(5)), "");
}

TEST(Escalation, WaitsForAllActionsOfItsStep) {
  Scene scene;
  scene.answers.reset();
  scene.see(90, seconds(11));
  EXPECT_EQ(scene.see(90, minutes(5)), "");
  record_step(StepOutcome::done, scene.now, scene.escalation());
  EXPECT_EQ(scene.see(90, minutes(5)), "") << "one of two";
  record_step(StepOutcome::done, scene.now, scene.escalation());
  EXPECT_EQ(scene.see(90, seconds(59)), "") << "the deadline counts from when all were done";
  EXPECT_EQ(scene.see(90), "restart");
}

TEST(Escalation, RestsAtAStepOfWhichNothingWasNeeded) {
  Scene scene;
  scene.answers = StepOutcome::not_needed;
  scene.see(90, seconds(11));
  EXPECT_EQ(scene.escalation().phase, EscalationState::Phase::idle);
  EXPECT_EQ(scene.see(90), "notify shed");
}

TEST(Escalation, WhatDidNotLastIsFollowedByTheNextStep) {
  Scene scene;
  scene.see(90, seconds(11));
  scene.see(70, minutes(3));
  EXPECT_EQ(scene.see(90, seconds(11)), "restart");
  EXPECT_THAT(scene.last.reason, HasSubstr("step 2 of 3: what was done before did not last 5m"));
}

TEST(Escalation, BeginsAnewAfterALongerRest) {
  Scene scene;
  scene.see(90, seconds(11));
  scene.see(70, minutes(5));
  EXPECT_EQ(scene.see(90, seconds(11)), "notify shed");
}

TEST(Escalation, RepeatsItsLastStepAfterTheCooldown) {
  Scene scene;
  scene.rule.escalation.pop_back();
  scene.see(90, seconds(11));
  EXPECT_EQ(scene.see(90, seconds(60)), "restart");
  EXPECT_EQ(scene.see(90, seconds(299)), "");
  EXPECT_EQ(scene.see(90), "restart");
}

TEST(Escalation, ItsOwnRestartMakesTheRunThatItWatches) {
  Scene scene;
  scene.see(90, seconds(11));
  scene.see(90, seconds(60));
  scene.signals.identity.key = "pid:2@2";
  EXPECT_EQ(scene.see(90, seconds(119)), "");
  EXPECT_EQ(scene.see(90), "stop") << "the new run is no better";
}

TEST(Escalation, AnotherRunEndsWhatItHasNotBroughtAbout) {
  Scene scene;
  scene.see(90, seconds(11));
  scene.signals.identity.key = "pid:2@2";
  EXPECT_EQ(scene.see(90), "");
  EXPECT_THAT(scene.effect(), HasSubstr("restarted meanwhile, and not by this step"));
  EXPECT_EQ(scene.see(90, seconds(9)), "");
  EXPECT_EQ(scene.see(90), "restart") << "what it ran into again was not cured by the step before";
}

TEST(Escalation, ThatWasPutOffBeginsWithTheSameStep) {
  Scene scene;
  scene.see(90, seconds(11));
  scene.see(90, seconds(60));
  forget_firing(scene.last, scene.now, scene.states);
  EXPECT_EQ(scene.see(90), "restart");
}

}  // namespace
}  // namespace guard::policy

#include <gtest/gtest.h>

#include "guard/policy/decision.h"

namespace guard::policy {
namespace {

using base::mebibytes;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

using Phase = RuleState::Phase;
constexpr base::Duration kMaxGap = seconds(3);

// One workload under one rule, "memory > 85% for 30s", looked at once a second.
class Scene {
 public:
  Scene() {
    rule.name = "shed";
    rule.metric = Metric::memory;
    rule.trip = {0.85, true};
    rule.held_for = seconds(30);
    rule.cooldown = minutes(5);
    rule.actions = {Notify{}};
    signals.workload = "web";
    signals.identity.key = "container:a";
    signals.state = sample::State::running;
    signals.memory_limit = mebibytes(1000);
  }

  // A negative percentage is an absent reading.
  std::vector<Decision> see(int percent, base::Duration step = seconds(1)) {
    now += step;
    if (percent < 0) {
      signals.unreclaimable = sample::Reading<base::Bytes>::absent("EIO");
      signals.memory_used = sample::Reading<base::Ratio>::absent("EIO");
    } else {
      signals.unreclaimable = mebibytes(10 * percent);
      signals.memory_used = base::Ratio{percent / 100.0};
    }
    return evaluate({rule}, signals, now, kMaxGap, states);
  }
  // How often the rule fired while `percent` was seen once a second for `length`.
  int count(int percent, base::Duration length) {
    int fired = 0;
    for (const auto end = now + length; now < end;) fired += static_cast<int>(see(percent).size());
    return fired;
  }
  Phase phase() { return states["shed"].phase; }

  Rule rule;
  signal::WorkloadSignals signals;
  RuleStates states;
  base::SteadyTime now{seconds(1000)};
};

constexpr int kAbsent = -1;

TEST(Hold, FiresOnlyAfterTheFullDuration) {
  Scene scene;
  scene.see(90);
  EXPECT_EQ(scene.count(90, seconds(29)), 0);
  EXPECT_EQ(scene.see(90, milliseconds(900)).size(), 0U) << "29.9 s";
  EXPECT_EQ(scene.see(90, milliseconds(100)).size(), 1U) << "30.0 s";
}

TEST(Hold, OfZeroFiresAtOnce) {
  Scene scene;
  scene.rule.held_for = seconds(0);
  EXPECT_EQ(scene.see(90).size(), 1U);
}

TEST(Hold, IsBrokenByOneGoodReading) {
  Scene scene;
  EXPECT_EQ(scene.count(90, seconds(20)), 0);
  scene.see(80);
  EXPECT_EQ(scene.phase(), Phase::clear);
  EXPECT_EQ(scene.count(90, seconds(30)), 0);
  EXPECT_EQ(scene.count(90, seconds(1)), 1);
}

TEST(Hold, TheThresholdItselfIsNotBeyondIt) {
  Scene scene;
  EXPECT_EQ(scene.count(85, minutes(2)), 0);
  EXPECT_EQ(scene.count(86, minutes(2)), 1);
}

TEST(Hold, UnknownNeitherAdvancesNorClearsIt) {
  Scene scene;
  EXPECT_EQ(scene.count(90, seconds(20)), 0);  // 19 s held
  EXPECT_EQ(scene.count(kAbsent, seconds(2)), 0);
  EXPECT_EQ(scene.phase(), Phase::pending);
  scene.see(90);                               // the 3 s since the last reading do not count
  EXPECT_EQ(scene.count(90, seconds(10)), 0);  // 29 s
  EXPECT_EQ(scene.count(90, seconds(1)), 1);   // 30 s
}

TEST(Hold, BeginsAnewAfterALongerUnknown) {
  Scene scene;
  EXPECT_EQ(scene.count(90, seconds(20)), 0);
  EXPECT_EQ(scene.count(kAbsent, seconds(3)), 0);
  scene.see(90);
  EXPECT_EQ(scene.count(90, seconds(29)), 0);
  EXPECT_EQ(scene.count(90, seconds(1)), 1);
}

TEST(Hold, BeginsAnewWhenNobodyLookedForTooLong) {
  Scene scene;
  EXPECT_EQ(scene.count(90, seconds(20)), 0);
  EXPECT_TRUE(scene.see(90, minutes(1)).empty());
  EXPECT_EQ(scene.phase(), Phase::pending);
}

TEST(Hold, UnknownFromTheStartNeverFires) {
  Scene scene;
  EXPECT_EQ(scene.count(kAbsent, minutes(10)), 0);
}

TEST(Hold, OfBelowFiresOnTheOtherSide) {
  Scene scene;
  scene.rule.comparison = Comparison::below;
  EXPECT_EQ(scene.count(90, minutes(1)), 0);
  EXPECT_EQ(scene.count(80, minutes(1)), 1);
}

TEST(Cooldown, FiresAgainOnlyWhenItEndsAndTheConditionStands) {
  Scene scene;
  EXPECT_EQ(scene.count(90, seconds(31)), 1);
  EXPECT_EQ(scene.count(90, minutes(5) - seconds(1)), 0);
  EXPECT_EQ(scene.count(90, seconds(1)), 1);
}

TEST(Cooldown, ANewBreachWithinItWaitsForItsEnd) {
  Scene scene;
  EXPECT_EQ(scene.count(90, seconds(31)), 1);
  EXPECT_EQ(scene.count(50, seconds(60)), 0);
  EXPECT_EQ(scene.count(90, seconds(239)), 0);
  EXPECT_EQ(scene.count(90, seconds(1)), 1);
}

TEST(Cooldown, ARecoveredWorkloadIsLeftAlone) {
  Scene scene;
  EXPECT_EQ(scene.count(90, seconds(31)), 1);
  EXPECT_EQ(scene.count(50, minutes(20)), 0);
}

TEST(Cooldown, DoesNotFollowADecisionThatWasDropped) {
  Scene scene;
  scene.rule.held_for = seconds(0);
  const auto dropped = scene.see(90);
  ASSERT_EQ(dropped.size(), 1U);
  forget_firing(dropped.front(), scene.now, scene.states);
  scene.see(50);
  EXPECT_EQ(scene.see(90).size(), 1U);
  EXPECT_EQ(scene.see(90).size(), 0U);
}

TEST(Hysteresis, StaysTrippedUntilClearIsCrossed) {
  Scene scene;
  scene.rule.clear = Threshold{0.75, true};
  EXPECT_EQ(scene.count(90, seconds(31)), 1);
  scene.see(75);
  EXPECT_EQ(scene.phase(), Phase::tripped);
  scene.see(74);
  EXPECT_EQ(scene.phase(), Phase::clear);
}

TEST(Hysteresis, FiresAgainBetweenClearAndTrip) {
  Scene scene;
  scene.rule.clear = Threshold{0.75, true};
  EXPECT_EQ(scene.count(90, seconds(31)), 1);
  EXPECT_EQ(scene.count(80, minutes(5) - seconds(1)), 0);
  const auto again = scene.see(80);
  ASSERT_EQ(again.size(), 1U);
  EXPECT_EQ(again.front().trip, (Threshold{0.75, true}));
  EXPECT_TRUE(still_holds(again.front(), scene.signals));
}

TEST(Hysteresis, WithoutItTheRuleClearsAtTheTrip) {
  Scene scene;
  EXPECT_EQ(scene.count(90, seconds(31)), 1);
  EXPECT_EQ(scene.count(80, minutes(10)), 0);
  EXPECT_EQ(scene.phase(), Phase::clear);
}

TEST(Hysteresis, DoesNotShortenTheFirstHold) {
  Scene scene;
  scene.rule.clear = Threshold{0.75, true};
  EXPECT_EQ(scene.count(80, minutes(10)), 0);
}

TEST(Identity, AnotherOneBeginsTheHoldAnew) {
  Scene scene;
  EXPECT_EQ(scene.count(90, seconds(25)), 0);
  scene.signals.identity.key = "container:b";
  EXPECT_EQ(scene.count(90, seconds(30)), 0);
  EXPECT_EQ(scene.count(90, seconds(1)), 1);
}

TEST(Identity, AnotherOneKeepsTheCooldown) {
  Scene scene;
  EXPECT_EQ(scene.count(90, seconds(31)), 1);
  scene.signals.identity.key = "container:b";
  EXPECT_EQ(scene.count(90, minutes(5) - seconds(1)), 0) << "a restart must not allow the next one";
  EXPECT_EQ(scene.count(90, seconds(1)), 1);
}

TEST(Identity, AnUnknownOneChangesNothing) {
  Scene scene;
  EXPECT_EQ(scene.count(90, seconds(25)), 0);
  scene.signals.identity.key = "";
  scene.see(kAbsent);
  scene.signals.identity.key = "container:a";
  EXPECT_EQ(scene.phase(), Phase::pending);
}

TEST(Decide, SaysWhatToWhomAndWhy) {
  Scene scene;
  scene.rule.actions = {Notify{}, Restart{}};
  scene.see(90);
  scene.count(90, seconds(29));
  const auto decisions = scene.see(90);
  ASSERT_EQ(decisions.size(), 2U);
  EXPECT_EQ(name_of(decisions[0].action), "notify");
  EXPECT_EQ(name_of(decisions[1].action), "restart");
  EXPECT_EQ(decisions[1].workload, "web");
  EXPECT_EQ(decisions[1].identity.key, "container:a");
  EXPECT_EQ(decisions[1].rule, "shed");
  EXPECT_EQ(decisions[1].reason, "memory 900 MiB is 90% of 1000 MiB, above 85% for 30s");
  EXPECT_EQ(decisions[1].evidence.at("memory_limit"), "1000 MiB");
  EXPECT_EQ(decisions[1].breached_at, scene.now - seconds(30));
}

TEST(Decide, NamesTheLinesThatAreOverdue) {
  Scene scene;
  scene.rule.metric = Metric::log_overdue;
  scene.rule.trip = {0, false};
  scene.rule.held_for = seconds(0);
  signal::LogSignal log;
  log.name = "cleanup";
  log.expected = true;
  log.overdue = true;
  log.since_match = base::Duration(minutes(36));
  scene.signals.logs = {log};
  const auto decisions = scene.see(10);
  ASSERT_EQ(decisions.size(), 1U);
  EXPECT_EQ(decisions[0].reason, "expected log line is overdue: cleanup (silent for 36m)");
}

Decision decision_of(Scene& scene) {
  scene.rule.held_for = seconds(0);
  return scene.see(90).at(0);
}

TEST(StillHolds, WhileTheReadingIsBeyondTheTrip) {
  Scene scene;
  const auto decision = decision_of(scene);
  scene.see(86);
  EXPECT_TRUE(still_holds(decision, scene.signals));
  scene.see(85);
  EXPECT_FALSE(still_holds(decision, scene.signals));
}

TEST(StillHolds, NotWhenTheReadingIsAbsent) {
  Scene scene;
  const auto decision = decision_of(scene);
  scene.see(kAbsent);
  EXPECT_FALSE(still_holds(decision, scene.signals));
}

TEST(StillHolds, NotForAnotherOrUnknownIdentity) {
  Scene scene;
  const auto decision = decision_of(scene);
  scene.signals.identity.key = "container:b";
  EXPECT_FALSE(still_holds(decision, scene.signals));
  scene.signals.identity.key = "";
  EXPECT_FALSE(still_holds(decision, scene.signals));
}

TEST(StillHolds, AnOomKillCannotRecover) {
  Scene scene;
  scene.rule.metric = Metric::oom_kills;
  scene.rule.trip = {0, false};
  scene.signals.oom_kills_new = 1;
  const auto decision = decision_of(scene);
  scene.signals.oom_kills_new = 0;
  EXPECT_TRUE(still_holds(decision, scene.signals));
}

}  // namespace
}  // namespace guard::policy

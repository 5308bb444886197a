// A few days of what guarded_report prints for a month. The seeds are fixed, so a failure comes back.

#include "tests/sim/guarded.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "tests/sim/guarded_world.h"

namespace sim {
namespace {

constexpr double kDays = 1;
constexpr std::uint64_t kSeed = 1001;

std::vector<Policy> advised() { return {all_policies().front()}; }

TEST(GuardedLeaks, AreRestartedBeforeTheyAreKilledAndRarelyMoreThanNeeded) {
  const std::vector<GuardedLeak> leaks = guard_leaks(advised(), kDays, kSeed);
  for (const GuardedLeak& leak : leaks) {
    EXPECT_EQ(leak.missed, 0U) << table({leak});
    // A minute is less than a restart takes from 93 % on, and a single burst may be larger than what is left.
    if (leak.fills_after >= kHour && leak.pattern != LeakPattern::bursts) {
      EXPECT_EQ(leak.kills, 0U) << table({leak});
    }
    // Of a few restarts one more is much.
    if (leak.fills_after >= 300) {
      EXPECT_LE(static_cast<double>(leak.restarts), 1.5 * static_cast<double>(leak.fewest) + 1) << table({leak});
    }
    if (leak.fills_after >= 4 * kHour && leak.restarts > 0) {
      EXPECT_EQ(leak.early, 1) << table({leak});
    }
  }
  const auto killed = std::ranges::count_if(leaks, [](const GuardedLeak& leak) { return leak.fewest > 0; });
  EXPECT_GE(killed, 25) << "left alone, these workloads are killed";
}

TEST(GuardedLeaks, AreMadeOfASeed) {
  const auto kills_of = [](std::uint64_t seed) {
    WorkloadPlan plan;
    plan.pattern = LeakPattern::bursts;
    plan.seed = seed;
    World world(plan, {});
    world.run(kDay);
    return std::pair(world.workload().kills(), world.workload().grown());
  };
  EXPECT_EQ(kills_of(5), kills_of(5));
  EXPECT_NE(kills_of(5).second, kills_of(6).second);
}

TEST(GuardedLeaks, ThatNobodyGuardsAreKilledAtTheirLimit) {
  WorkloadPlan plan;
  World world(plan, {});
  world.run(10.5 * kHour);
  EXPECT_GE(world.workload().kills(), 9U);
  EXPECT_EQ(world.kills().size(), world.workload().kills());
  EXPECT_EQ(world.guard().report().workloads.front().signals.oom_kills_total, world.workload().kills());
}

TEST(GuardedLeaks, AreNotPreventedByARuleThatRestsForLongerThanTheyTake) {
  std::vector<guard::policy::Rule> rules = advised().front().rules;
  for (auto& rule : rules) rule.cooldown = std::chrono::hours(1);
  WorkloadPlan plan;
  plan.fills_after = 1200;
  World world(plan, rules);
  world.run(kDay / 2);
  EXPECT_GT(world.workload().kills(), 10U);
  EXPECT_GT(world.workload().restarts(), 5U);
}

TEST(GuardedHarmless, AreNeverRestarted) {
  for (const GuardedPeace& peace : guard_harmless(advised(), kDays, kSeed)) {
    EXPECT_GE(peace.days, kDays);
    EXPECT_EQ(peace.restarts, 0U) << table({peace});
  }
}

}  // namespace
}  // namespace sim

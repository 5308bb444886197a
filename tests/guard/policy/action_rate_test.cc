#include "guard/policy/action_rate.h"

#include <gtest/gtest.h>

namespace guard::policy {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

TEST(ActionRate, IsSpentByAsManyActionsAsItHasAndComesBackWithTime) {
  const ActionRateLimit limit{2, minutes(10)};
  base::SteadyTime now{minutes(60)};
  ActionRate action_rate;
  action_rate.note(now);
  EXPECT_FALSE(action_rate.is_reached(limit, now));
  action_rate.note(now + minutes(1));
  EXPECT_TRUE(action_rate.is_reached(limit, now + minutes(1)));
  EXPECT_TRUE(action_rate.is_reached(limit, now + minutes(10) - seconds(1)));
  EXPECT_FALSE(action_rate.is_reached(limit, now + minutes(10))) << "the first is ten minutes old";
  EXPECT_EQ(action_rate.count(limit, now + minutes(10)), 1U);
}

TEST(ActionRate, KeepsNoMoreThanItMay) {
  const ActionRateLimit limit{ActionRate::kMost, std::chrono::hours(1)};
  ActionRate action_rate;
  for (std::size_t i = 0; i < 3 * ActionRate::kMost; ++i) action_rate.note(base::SteadyTime{minutes(60)});
  EXPECT_EQ(action_rate.count(limit, base::SteadyTime{minutes(60)}), ActionRate::kMost);
}

}  // namespace
}  // namespace guard::policy

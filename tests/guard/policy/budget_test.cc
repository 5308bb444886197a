#include "guard/policy/budget.h"

#include <gtest/gtest.h>

namespace guard::policy {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

TEST(Budget, IsSpentByAsManyActionsAsItHasAndComesBackWithTime) {
  const BudgetLimit limit{2, minutes(10)};
  base::SteadyTime now{minutes(60)};
  Budget budget;
  budget.spend(now);
  EXPECT_FALSE(budget.is_spent(limit, now));
  budget.spend(now + minutes(1));
  EXPECT_TRUE(budget.is_spent(limit, now + minutes(1)));
  EXPECT_TRUE(budget.is_spent(limit, now + minutes(10) - seconds(1)));
  EXPECT_FALSE(budget.is_spent(limit, now + minutes(10))) << "the first is ten minutes old";
  EXPECT_EQ(budget.spent(limit, now + minutes(10)), 1U);
}

TEST(Budget, KeepsNoMoreThanItMay) {
  const BudgetLimit limit{Budget::kMost, std::chrono::hours(1)};
  Budget budget;
  for (std::size_t i = 0; i < 3 * Budget::kMost; ++i) budget.spend(base::SteadyTime{minutes(60)});
  EXPECT_EQ(budget.spent(limit, base::SteadyTime{minutes(60)}), Budget::kMost);
}

}  // namespace
}  // namespace guard::policy

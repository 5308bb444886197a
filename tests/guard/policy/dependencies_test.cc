#include "guard/policy/dependencies.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace guard::policy {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(Cycle, IsFoundAndToldAsAWay) {
  EXPECT_THAT(find_cycle({{"app", {{"db"}}}, {"web", {{"app"}}}}), IsEmpty());
  EXPECT_THAT(find_cycle({{"app", {{"db"}}}, {"db", {{"disk"}}}, {"disk", {{"app"}}}}),
              ElementsAre("app", "db", "disk", "app"));
  EXPECT_THAT(find_cycle({{"web", {{"app"}}}, {"app", {{"app"}}}}), ElementsAre("app", "app"));
}

TEST(Cycle, TwoWaysToOneWorkloadAreNone) {
  EXPECT_THAT(find_cycle({{"web", {{"a"}, {"b"}}}, {"a", {{"db"}}}, {"b", {{"db"}}}}), IsEmpty());
}

TEST(DependentRestarts, AreAllThatNeedItEachOnceAndInOrder) {
  const Dependencies diamond = {{"web", {{"a"}, {"b"}}}, {"a", {{"db"}}}, {"b", {{"db"}}}, {"else", {{"cache"}}}};
  EXPECT_THAT(find_dependents(diamond, "db"), ElementsAre("a", "b", "web"));
  EXPECT_THAT(find_dependents(diamond, "a"), ElementsAre("web"));
  EXPECT_THAT(find_dependents(diamond, "web"), IsEmpty());
  EXPECT_THAT(find_dependents(diamond, "unheard of"), IsEmpty());
}

TEST(DependentRestarts, OrderIsNotThatOfTheAlphabet) {
  EXPECT_THAT(find_dependents({{"a", {{"z"}, {"db"}}}, {"z", {{"db"}}}}, "db"), ElementsAre("z", "a"));
}

TEST(DependentRestarts, AreOnlyThoseThatAreToBeRestarted) {
  EXPECT_THAT(find_dependents({{"web", {{"app"}}}, {"app", {{"db", false}}}}, "db"), IsEmpty());
  EXPECT_THAT(find_dependents({{"web", {{"app", false}}}, {"app", {{"db"}}}}, "db"), ElementsAre("app"));
}

}  // namespace
}  // namespace guard::policy

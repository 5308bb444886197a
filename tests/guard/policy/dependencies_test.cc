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

TEST(Followers, AreAllThatNeedItEachOnceAndInOrder) {
  const Dependencies diamond = {{"web", {{"a"}, {"b"}}}, {"a", {{"db"}}}, {"b", {{"db"}}}, {"else", {{"cache"}}}};
  EXPECT_THAT(find_followers(diamond, "db"), ElementsAre("a", "b", "web"));
  EXPECT_THAT(find_followers(diamond, "a"), ElementsAre("web"));
  EXPECT_THAT(find_followers(diamond, "web"), IsEmpty());
  EXPECT_THAT(find_followers(diamond, "unheard of"), IsEmpty());
}

TEST(Followers, OrderIsNotThatOfTheAlphabet) {
  EXPECT_THAT(find_followers({{"a", {{"z"}, {"db"}}}, {"z", {{"db"}}}}, "db"), ElementsAre("z", "a"));
}

TEST(Followers, AreOnlyThoseThatAreToBeRestarted) {
  EXPECT_THAT(find_followers({{"web", {{"app"}}}, {"app", {{"db", false}}}}, "db"), IsEmpty());
  EXPECT_THAT(find_followers({{"web", {{"app", false}}}, {"app", {{"db"}}}}, "db"), ElementsAre("app"));
}

}  // namespace
}  // namespace guard::policy

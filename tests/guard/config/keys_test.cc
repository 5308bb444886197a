#include "guard/config/keys.h"

#include <algorithm>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace guard::config {
namespace {

std::vector<std::string> keys_in(std::string_view path) {
  const auto keys = keys_of(path);
  return {keys.begin(), keys.end()};
}

TEST(SectionOf, LeavesOutTheIndices) {
  EXPECT_EQ(section_of("workloads[12].rules[0].when"), "workloads[].rules[].when");
  EXPECT_EQ(section_of(""), "");
}

TEST(KeysOf, AreThoseOfTheSchema) {
  EXPECT_THAT(keys_in(""), testing::UnorderedElementsAre("agent", "web", "engine", "host", "workloads", "notify"));
  EXPECT_THAT(keys_in("workloads[3].caps"),
              testing::UnorderedElementsAre("memory", "memory_reservation", "memory_high", "cpus", "pids", "force"));
}

TEST(KeysOf, FollowReferencesAndFormsOfAValue) {
  EXPECT_THAT(keys_in("workloads[0].rules[1].do[0].shed"),
              testing::UnorderedElementsAre("url", "target", "token_file"));
  EXPECT_EQ(keys_in("workloads[0].rules[1].escalate[2].do[0].shed"), keys_in("workloads[0].rules[1].do[0].shed"));
  EXPECT_THAT(keys_in("workloads[0].rules[1].escalate[2].until"), testing::Contains("memory_working_set"));
}

TEST(KeysOf, AreNoneWhereAnyKeyIsValid) {
  EXPECT_TRUE(keys_in("workloads[0].environment").empty());
  EXPECT_TRUE(keys_in("nowhere").empty());
}

}  // namespace
}  // namespace guard::config

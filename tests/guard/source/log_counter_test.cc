#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "guard/source/log/counter.h"

namespace guard::source {
namespace {

using std::chrono::seconds;
using testing::Pair;
using testing::UnorderedElementsAre;

const base::SteadyTime kNow{std::chrono::hours(1)};
const base::WallTime kWall{std::chrono::hours(500'000)};

TEST(LogCounter, KnowsTheLastMatch) {
  auto counter = std::make_shared<LogCounter>(*LogMatcher::compile(R"(Cleaned up (?P<count>\d+))"));
  counter->count("Listening", kNow, kWall);
  EXPECT_FALSE(counter->totals().last_match);
  counter->count("Cleaned up 7", kNow + seconds(1), kWall + seconds(1));
  EXPECT_EQ(counter->totals().matches, 1u);
  EXPECT_EQ(counter->totals().last_match, kNow + seconds(1));
  EXPECT_EQ(counter->totals().last_match_wall, kWall + seconds(1));
}

TEST(LogCounter, IsNotSetBackByALineThatIsFoundLate) {
  auto counter = std::make_shared<LogCounter>(*LogMatcher::compile(R"(heap (?P<heap>\d+)|files (?P<files>\d+))"));
  counter->count("heap 70", kNow, kWall);
  counter->count("heap 60", kNow - seconds(9), kWall - seconds(9));
  counter->count("files 5", kNow - seconds(9), kWall - seconds(9));
  const auto totals = counter->totals();
  EXPECT_EQ(totals.matches, 3u);
  EXPECT_EQ(totals.last_match, kNow);
  EXPECT_EQ(totals.last_match_wall, kWall);
  EXPECT_THAT(totals.captures, UnorderedElementsAre(Pair("heap", 70), Pair("files", 5)));
  EXPECT_THAT(totals.captured_at, UnorderedElementsAre(Pair("heap", kNow), Pair("files", kNow - seconds(9))));
}

}  // namespace
}  // namespace guard::source

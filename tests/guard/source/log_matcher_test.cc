#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "guard/source/log/matcher.h"

namespace guard::source {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;
using testing::UnorderedElementsAre;

std::optional<LogMatcher::Match> match(std::string_view pattern, std::string_view line) {
  const auto matcher = LogMatcher::compile(pattern);
  EXPECT_TRUE(matcher) << matcher.error().message;
  return matcher ? matcher->match(line) : std::nullopt;
}

TEST(LogMatcher, FindsThePatternAnywhereInTheLine) {
  const auto found =
      match(R"(Cleaned up (?P<count>\d+) old conversations)", "12:00 Cleaned up 7 old conversations from memory");
  ASSERT_TRUE(found);
  EXPECT_THAT(found->captures, UnorderedElementsAre(Pair("count", 7)));
}

TEST(LogMatcher, DoesNotFindWhatIsNotThere) {
  EXPECT_FALSE(match(R"(Cleaned up (?P<count>\d+))", "Cleaned up many old conversations"));
  EXPECT_FALSE(match("Cleaned up", ""));
}

TEST(LogMatcher, TakesZeroForAMatch) {
  const auto found = match(R"(Cleaned up (?P<count>\d+))", "Cleaned up 0 old conversations");
  ASSERT_TRUE(found);
  EXPECT_EQ(found->captures.at("count"), 0);
}

TEST(LogMatcher, CapturesDecimalsAndSigns) {
  const auto found = match(R"(a=(?P<a>\S+) b=(?P<b>\S+) c=(?P<c>\S+))", "a=-0.5 b=1e3 c=12.25");
  ASSERT_TRUE(found);
  EXPECT_THAT(found->captures, UnorderedElementsAre(Pair("a", -0.5), Pair("b", 1000), Pair("c", 12.25)));
}

TEST(LogMatcher, LeavesOutCapturesThatAreNoFiniteNumber) {
  const auto found = match(R"(a=(?P<a>\S*) b=(?P<b>\S+) c=(?P<c>\S+) d(?P<d>\d+)?)", "a= b=12ms c=inf d");
  ASSERT_TRUE(found);
  EXPECT_THAT(found->captures, IsEmpty());
}

TEST(LogMatcher, IgnoresGroupsWithoutAName) {
  const auto found = match(R"((\d+) of (?P<all>\d+))", "3 of 9");
  ASSERT_TRUE(found);
  EXPECT_THAT(found->captures, UnorderedElementsAre(Pair("all", 9)));
}

TEST(LogMatcher, MatchesAroundBytesThatAreNotText) {
  using namespace std::string_view_literals;
  EXPECT_TRUE(match("Cleaned up", "\xff\xfe\0 Cleaned up 3\x80"sv));
}

TEST(LogMatcher, RefusesAPatternThatIsNone) {
  const auto matcher = LogMatcher::compile("Cleaned (up");
  ASSERT_FALSE(matcher);
  EXPECT_EQ(matcher.error().code, base::Code::invalid_argument);
  EXPECT_THAT(matcher.error().message, HasSubstr("missing"));
  EXPECT_FALSE(LogMatcher::compile(R"((a)\1)"));
}

TEST(LogMatcher, BoundsThePatternItsGroupsAndItsProgram) {
  EXPECT_TRUE(LogMatcher::compile(std::string(LogMatcher::kMaxPatternBytes, 'a')));
  EXPECT_EQ(LogMatcher::compile(std::string(LogMatcher::kMaxPatternBytes + 1, 'a')).error().code,
            base::Code::too_large);
  std::string groups;
  for (int i = 0; i < LogMatcher::kMaxGroups; ++i) groups += "(a)";
  EXPECT_TRUE(LogMatcher::compile(groups));
  EXPECT_EQ(LogMatcher::compile(groups + "(a)").error().code, base::Code::too_large);
  EXPECT_EQ(LogMatcher::compile(R"(\pL{900})").error().code, base::Code::too_large);
}

TEST(LogMatcher, StaysLinearOnAPatternThatBacktrackersChokeOn) {
  EXPECT_FALSE(match("(a*)*b", std::string(60'000, 'a')));
}

}  // namespace
}  // namespace guard::source

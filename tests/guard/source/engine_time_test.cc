#include <gtest/gtest.h>

#include "guard/source/docker/time.h"

namespace guard::source {
namespace {

using std::chrono::nanoseconds;
using std::chrono::seconds;

std::optional<base::WallTime> at(std::int64_t epoch_seconds, std::int64_t nanos = 0) {
  return base::WallTime(seconds(epoch_seconds) + nanoseconds(nanos));
}

TEST(EngineTime, KeepsEveryNanosecond) {
  EXPECT_EQ(parse_engine_time("2026-11-22T14:00:35.690079074Z"), at(1795356035, 690079074));
}

TEST(EngineTime, FillsAShortFractionFromTheLeft) {
  EXPECT_EQ(parse_engine_time("2026-11-22T14:00:35.5Z"), at(1795356035, 500000000));
}

TEST(EngineTime, DropsDigitsBelowANanosecond) {
  EXPECT_EQ(parse_engine_time("2026-11-22T14:00:35.0000000019Z"), at(1795356035, 1));
}

TEST(EngineTime, IsNoneBefore1970ByItsOffset) {
  EXPECT_FALSE(parse_engine_time("1970-01-01T00:59:59+01:00"));
  EXPECT_EQ(parse_engine_time("1970-01-01T01:00:00+01:00"), at(0));
}

TEST(EngineTime, TakesATimeWithoutFraction) { EXPECT_EQ(parse_engine_time("1970-01-01T00:00:00Z"), at(0)); }

TEST(EngineTime, TakesAnOffsetOff) {
  EXPECT_EQ(parse_engine_time("2026-11-22T15:00:35+01:00"), at(1795356035));
  EXPECT_EQ(parse_engine_time("2026-11-22T08:30:35-05:30"), at(1795356035));
}

TEST(EngineTime, KnowsLeapYears) {
  EXPECT_TRUE(parse_engine_time("2028-02-29T00:00:00Z"));
  EXPECT_FALSE(parse_engine_time("2026-02-29T00:00:00Z"));
}

TEST(EngineTime, HasNoValueForTheYearThatMeansNever) { EXPECT_FALSE(parse_engine_time("0001-01-01T00:00:00Z")); }

TEST(EngineTime, EndsWhereNanosecondsIn64BitsEnd) {
  EXPECT_TRUE(parse_engine_time("2261-12-31T23:59:59.999999999Z"));
  EXPECT_FALSE(parse_engine_time("2262-01-01T00:00:00Z"));
}

class NoEngineTime : public testing::TestWithParam<const char*> {};
TEST_P(NoEngineTime, HasNoValue) { EXPECT_FALSE(parse_engine_time(GetParam())); }
INSTANTIATE_TEST_SUITE_P(Texts, NoEngineTime,
                         testing::Values("", "never", "2026-11-22", "2026-11-22T14:00:35", "2026-11-22 14:00:35Z",
                                         "2026-13-22T14:00:35Z", "2026-11-22T24:00:00Z", "2026-11-22T14:60:00Z",
                                         "2026-11-22T14:00:35.Z", "2026-11-22T14:00:35Zx", "2026-11-22T14:00:35+1:00",
                                         "2026-11-22T14:00:35+01:00Z", "+026-11-22T14:00:35Z"));

TEST(EngineSince, WritesNineDigits) { EXPECT_EQ(format_engine_since(*at(1795356035, 79074)), "1795356035.000079074"); }

TEST(EngineSince, IsZeroForTheBeginningOfTime) {
  EXPECT_EQ(format_engine_since(base::WallTime::min()), "0");
  EXPECT_EQ(format_engine_since(base::WallTime()), "0");
}

}  // namespace
}  // namespace guard::source

#include "agent/recording/fields.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace agent::recording {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Optional;

std::vector<std::string> fields_of(std::string_view row) {
  std::vector<std::string> fields;
  EXPECT_TRUE(split_row(row, fields)) << row;
  return fields;
}

TEST(Time, IsUnixSecondsOrRfc3339) {
  EXPECT_THAT(parse_time("1767323045.5"), Optional(1767323045.5));
  EXPECT_THAT(parse_time("2026-01-02T03:04:05Z"), Optional(1767323045.0));
  EXPECT_THAT(parse_time("2026-01-02t03:04:05.250z"), Optional(1767323045.25));
  EXPECT_THAT(parse_time("2026-01-02T05:34:05+02:30"), Optional(1767323045.0));
  EXPECT_THAT(parse_time("2026-01-01T23:04:05-04:00"), Optional(1767323045.0));
}

TEST(Time, WithoutAZoneIsUtc) { EXPECT_THAT(parse_time("2026-01-02 03:04:05"), Optional(1767323045.0)); }

TEST(Time, IsRefusedWhenItIsNone) {
  for (const char* text : {"", "NaN", "inf", "now", "2026-01-02", "2026-02-30T00:00:00Z", "2026-01-02T24:00:00Z",
                           "2026-01-02T03:04:05.Z", "2026-01-02T03:04:05CET", "2026-01-02T03:04:05+2", "1 2"})
    EXPECT_FALSE(parse_time(text)) << text;
}

TEST(Time, InMillisecondsIsRefusedRatherThanTakenForSeconds) {
  EXPECT_FALSE(parse_time("1767323045000"));
  EXPECT_TRUE(parse_time("99999999999"));
}

TEST(Time, IsToldTheSameWay) {
  EXPECT_EQ(format_time(1767323045.9), "2026-01-02T03:04:05Z");
  EXPECT_EQ(format_time(3600), "3600 s");
}

TEST(Row, HasItsFieldsWithoutBlanks) {
  EXPECT_THAT(fields_of("a, b ,c"), ElementsAre("a", "b", "c"));
  EXPECT_THAT(fields_of("a,,"), ElementsAre("a", "", ""));
  EXPECT_THAT(fields_of("a\r"), ElementsAre("a"));
}

TEST(Row, KeepsCommasAndDoubledQuotesWithinQuotes) {
  EXPECT_THAT(fields_of(R"("a,b", "say ""so""" ,"",d)"), ElementsAre("a,b", "say \"so\"", "", "d"));
}

TEST(Row, WithAQuoteThatDoesNotEndIsRefused) {
  std::vector<std::string> fields;
  EXPECT_FALSE(split_row("\"a,b", fields));
  EXPECT_FALSE(split_row("\"a\"b,c", fields));
}

TEST(Row, IsAsLongAsItIsAfterALongerOne) {
  std::vector<std::string> fields;
  ASSERT_TRUE(split_row("a,b,c", fields));
  ASSERT_TRUE(split_row("d", fields));
  EXPECT_THAT(fields, ElementsAre("d"));
}

TEST(Scale, IsTheUnitInBrackets) {
  EXPECT_EQ(scale_of("memory_bytes"), 1);
  EXPECT_EQ(scale_of("MemoryUsage(Mi)"), 1 << 20);
  EXPECT_EQ(scale_of("Memory (GiB)"), 1 << 30);
  EXPECT_EQ(scale_of("Memory (bytes)"), 1);
  EXPECT_EQ(scale_of("mem_used(%)", base::mebibytes(100)), 1 << 20);
}

TEST(Scale, OfWhatIsNoSizeIsRefused) {
  for (const char* column : {"Memory()", "Memory(ms)", "Memory(1)"}) {
    const auto scale = scale_of(column);
    ASSERT_FALSE(scale) << column;
    EXPECT_THAT(scale.error().message, HasSubstr("is not a unit of memory"));
  }
}

TEST(Scale, InPerCentAsksOfWhat) {
  const auto scale = scale_of("Memory(%)");
  ASSERT_FALSE(scale);
  EXPECT_THAT(scale.error().message, HasSubstr("in % of what? Say how much 100 % is: --limit SIZE"));
}

TEST(DockerSize, IsBinaryWithAnI) {
  EXPECT_THAT(docker_size("12.5MiB"), Optional(12.5 * (1 << 20)));
  EXPECT_THAT(docker_size("1KiB"), Optional(1024.0));
  EXPECT_THAT(docker_size("1.5kB"), Optional(1500.0));
  EXPECT_THAT(docker_size("0B"), Optional(0.0));
  for (const char* text : {"", "12", "MiB", "1QiB", "iB", "1iB", "-1B", "1e3B"})
    EXPECT_FALSE(docker_size(text)) << text;
}

}  // namespace
}  // namespace agent::recording

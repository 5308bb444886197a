#include "base/units.h"

#include <cstdint>
#include <limits>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace base {
namespace {

using testing::HasSubstr;

Bytes bytes(std::string_view text) { return parse_bytes(text).value(); }
Duration duration(std::string_view text) { return parse_duration(text).value(); }

TEST(Bytes, ThatDoNotFitAreTheLargestOrSmallestThereIs) {
  constexpr Bytes kSmallest{std::numeric_limits<std::int64_t>::min()};
  EXPECT_EQ(Bytes::unlimited() + Bytes{1}, Bytes::unlimited());
  EXPECT_EQ(Bytes::unlimited() - Bytes{-1}, Bytes::unlimited());
  EXPECT_EQ(kSmallest - Bytes{1}, kSmallest);
  EXPECT_EQ(kSmallest + Bytes{-1}, kSmallest);
  EXPECT_EQ(Bytes::unlimited() + kSmallest, Bytes{-1});
  Bytes sum = mebibytes(1);
  sum += Bytes::unlimited();
  EXPECT_TRUE(sum.is_unlimited());
}

TEST(ParseBytes, ReadsDockersBinarySuffixes) {
  EXPECT_EQ(bytes("1048576"), mebibytes(1));
  EXPECT_EQ(bytes("512b"), Bytes{512});
  EXPECT_EQ(bytes("64k"), kibibytes(64));
  EXPECT_EQ(bytes("700m"), mebibytes(700));
  EXPECT_EQ(bytes("1g"), gibibytes(1));
  EXPECT_EQ(bytes("2t"), gibibytes(2048));
}

TEST(ParseBytes, TakesEverySpellingOfASuffix) {
  for (const auto* text : {"512m", "512M", "512mb", "512MB", "512MiB", "512Mi", "512 MiB", " 512m "}) {
    EXPECT_EQ(bytes(text), mebibytes(512)) << text;
  }
}

TEST(ParseBytes, ReadsFractionsOfAUnit) {
  EXPECT_EQ(bytes("1.5GiB"), mebibytes(1536));
  EXPECT_EQ(bytes("0.5k"), Bytes{512});
}

TEST(ParseBytes, KeepsEveryBitOfALargeWholeNumber) {
  EXPECT_EQ(bytes("9223372036854775807").count, INT64_MAX);
  EXPECT_EQ(bytes("8191p").count, 8191 * (std::int64_t{1} << 50));
}

TEST(ParseBytes, RefusesWhatDoesNotFit) {
  EXPECT_FALSE(parse_bytes("9223372036854775808"));
  EXPECT_FALSE(parse_bytes("8192p"));
  EXPECT_FALSE(parse_bytes("8192.5p"));
}

TEST(ParseBytes, RefusesWhatIsNotASize) {
  for (const auto* text : {"", " ", "m", "-1m", "+1m", "1x", "1mm", "1.m", ".5m", "1e3", "0x10", "1 2", "nan", "inf"}) {
    const auto read = parse_bytes(text);
    ASSERT_FALSE(read) << text;
    EXPECT_EQ(read.error().code, Code::invalid_argument) << text;
  }
}

TEST(ParseBytes, SaysWhatItReadAndWhatWouldDo) {
  const auto message = parse_bytes("700 zb").error().message;
  EXPECT_THAT(message, HasSubstr("\"700 zb\""));
  EXPECT_THAT(message, HasSubstr("700m"));
}

TEST(ParseBytes, RepeatsOnlyTheBeginningOfALongInput) {
  EXPECT_LT(parse_bytes(std::string(100'000, 'x')).error().message.size(), 150u);
}

TEST(ParseDuration, ReadsEveryUnit) {
  EXPECT_EQ(duration("250ns"), std::chrono::nanoseconds(250));
  EXPECT_EQ(duration("250us"), std::chrono::microseconds(250));
  EXPECT_EQ(duration("250ms"), std::chrono::milliseconds(250));
  EXPECT_EQ(duration("30s"), std::chrono::seconds(30));
  EXPECT_EQ(duration("5m"), std::chrono::minutes(5));
  EXPECT_EQ(duration("2h"), std::chrono::hours(2));
  EXPECT_EQ(duration("7d"), std::chrono::hours(168));
  EXPECT_EQ(duration("1w"), std::chrono::hours(168));
}

TEST(ParseDuration, AddsPartsFromLargeToSmall) {
  EXPECT_EQ(duration("1h30m"), std::chrono::minutes(90));
  EXPECT_EQ(duration("1d2h3m4s5ms"), std::chrono::milliseconds(93784005));
  EXPECT_EQ(duration("1.5h"), std::chrono::minutes(90));
}

TEST(ParseDuration, RefusesPartsOutOfOrderOrTwice) {
  EXPECT_FALSE(parse_duration("30m1h"));
  EXPECT_FALSE(parse_duration("1h1h"));
}

TEST(ParseDuration, NeverGuessesTheUnit) {
  EXPECT_FALSE(parse_duration("30"));
  EXPECT_FALSE(parse_duration("0"));
  EXPECT_EQ(duration("0s"), Duration::zero());
}

TEST(ParseDuration, RefusesWhatIsNotADuration) {
  for (const auto* text : {"", "s", "-5s", "5 m 3", "5x", "5S", "1h 30m", "1.s"}) {
    const auto read = parse_duration(text);
    ASSERT_FALSE(read) << text;
    EXPECT_EQ(read.error().code, Code::invalid_argument) << text;
  }
}

TEST(ParseDuration, RefusesMoreThanNanosecondsCanCount) {
  EXPECT_TRUE(parse_duration("15000w"));
  EXPECT_FALSE(parse_duration("16000w"));
}

TEST(ParseCores, ReadsWholeAndFractionalCores) {
  EXPECT_EQ(parse_cores("0.8").value(), Cores{0.8});
  EXPECT_EQ(parse_cores("2").value(), Cores{2});
}

TEST(ParseCores, RefusesWhatIsNotANumber) {
  for (const auto* text : {"", "-1", "inf", "nan", "2 cores", "80%", "1e2"}) EXPECT_FALSE(parse_cores(text)) << text;
}

TEST(ParseRatio, TakesPercentAndFractionForTheSame) {
  EXPECT_DOUBLE_EQ(parse_ratio("85%").value().value, 0.85);
  EXPECT_DOUBLE_EQ(parse_ratio("0.85").value().value, 0.85);
  EXPECT_DOUBLE_EQ(parse_ratio("120 %").value().value, 1.2);
}

TEST(ParseRatio, RefusesWhatIsNotARatio) {
  for (const auto* text : {"", "%", "-5%", "85%%", "x", "85 percent"}) EXPECT_FALSE(parse_ratio(text)) << text;
}

TEST(FormatBytes, UsesTheLargestUnitThatFits) {
  EXPECT_EQ(format_bytes(Bytes{0}), "0 B");
  EXPECT_EQ(format_bytes(Bytes{512}), "512 B");
  EXPECT_EQ(format_bytes(Bytes{1023}), "1023 B");
  EXPECT_EQ(format_bytes(Bytes{1024}), "1 KiB");
  EXPECT_EQ(format_bytes(mebibytes(700)), "700 MiB");
  EXPECT_EQ(format_bytes(mebibytes(1536)), "1.5 GiB");
}

TEST(FormatBytes, NeverRoundsUpTo1024OfAUnit) {
  EXPECT_EQ(format_bytes(mebibytes(1024) - Bytes{1}), "1 GiB");
  EXPECT_EQ(format_bytes(kibibytes(1023)), "1023 KiB");
}

TEST(FormatBytes, KeepsTheSign) {
  EXPECT_EQ(format_bytes(Bytes{} - mebibytes(3)), "-3 MiB");
  EXPECT_EQ(format_bytes(Bytes{INT64_MIN}), "-8 EiB");
}

TEST(FormatBytes, NamesTheMissingLimit) { EXPECT_EQ(format_bytes(Bytes::unlimited()), "unlimited"); }

TEST(FormatDuration, ShowsTheTwoLargestUnits) {
  EXPECT_EQ(format_duration(std::chrono::seconds(7500)), "2h 5m");
  EXPECT_EQ(format_duration(std::chrono::seconds(7505)), "2h 5m");
  EXPECT_EQ(format_duration(std::chrono::seconds(7205)), "2h");
  EXPECT_EQ(format_duration(std::chrono::seconds(35)), "35s");
  EXPECT_EQ(format_duration(std::chrono::milliseconds(250)), "250ms");
  EXPECT_EQ(format_duration(std::chrono::hours(24 * 15)), "15d");
  EXPECT_EQ(format_duration(std::chrono::nanoseconds(1)), "1ns");
}

TEST(FormatDuration, HasAZeroAndASign) {
  EXPECT_EQ(format_duration(Duration::zero()), "0s");
  EXPECT_EQ(format_duration(std::chrono::seconds(-90)), "-1m 30s");
  EXPECT_EQ(format_duration(Duration::min()).substr(0, 1), "-");
}

TEST(FormatRatio, ShowsOneDecimalWhenItMatters) {
  EXPECT_EQ(format_ratio(Ratio{0.85}), "85%");
  EXPECT_EQ(format_ratio(Ratio{0.853}), "85.3%");
  EXPECT_EQ(format_ratio(Ratio{1.2}), "120%");
}

TEST(FormatRatio, SaysUnknownForAQuotientOfZeros) { EXPECT_EQ(format_ratio(Ratio{0.0 / 0.0}), "unknown"); }

TEST(Seconds, GoThereAndBack) {
  EXPECT_DOUBLE_EQ(to_seconds(std::chrono::milliseconds(1500)), 1.5);
  EXPECT_EQ(from_seconds(1.5), std::chrono::milliseconds(1500));
}

}  // namespace
}  // namespace base

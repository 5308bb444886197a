#include "agent/recording/analysis.h"

#include <cmath>
#include <cstdio>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "agent/recording/report_page.h"
#include "agent/recording/verdict_json.h"
#include "tests/sim/series.h"

namespace agent::recording {
namespace {

using guard::signal::LeakState;
using testing::Contains;
using testing::HasSubstr;

RecordedSample at(double seconds, std::optional<double> bytes) { return {"x", "", seconds, bytes, {}}; }

std::string refusal(Analysis& analysis, double seconds, double bytes) {
  const auto taken = analysis.take(at(seconds, bytes));
  return taken ? "it was taken" : taken.error().message;
}

TEST(Analysis, RefusesWhatCannotBe) {
  Analysis analysis("x", {});
  ASSERT_EQ(refusal(analysis, 100, 1), "it was taken");
  EXPECT_THAT(refusal(analysis, 99, 1), HasSubstr("99 s, lies before"));
  EXPECT_THAT(refusal(analysis, 101, -1), HasSubstr("below zero"));
  EXPECT_THAT(refusal(analysis, 101, 0x1p61), HasSubstr("wrong unit"));
  EXPECT_THAT(refusal(analysis, 9e9, 1), HasSubstr("centuries"));
}

TEST(Analysis, CountsWhatIsMissingDoubledOrGone) {
  Analysis analysis("x", {});
  for (int i = 0; i < 100; ++i) ASSERT_EQ(refusal(analysis, i * 60, 1), "it was taken");
  ASSERT_EQ(refusal(analysis, 99 * 60, 2), "it was taken");
  ASSERT_TRUE(analysis.take(at(99 * 60, {})));
  ASSERT_EQ(refusal(analysis, 99 * 60 + 86400 * 365 * 3, 1), "it was taken");
  const auto verdict = analysis.verdict();
  EXPECT_EQ(verdict.samples, 101U);
  EXPECT_THAT(verdict.evidence, Contains("1 readings missing"));
  EXPECT_THAT(verdict.evidence, Contains("1 samples at the time of the one before, left out"));
  EXPECT_THAT(verdict.evidence, Contains(HasSubstr("1 gap of 1095d")));
}

TEST(Analysis, OfNoReadingAtAllIsUnknown) {
  Analysis analysis("x", {});
  ASSERT_TRUE(analysis.take(at(1, {})));
  EXPECT_EQ(analysis.verdict().state, LeakState::unknown);
  EXPECT_FALSE(analysis.is_leak());
  EXPECT_THAT(verdicts_as_json({analysis.verdict()}), HasSubstr("\"growth_bytes_per_hour\": null"));
}

// Fed with what was recorded, the command says at every moment what the agent would have said.
std::string csv_of(const sim::Series& series) {
  std::string text = "timestamp,memory_bytes,run\n";
  int run = 0;
  char row[96];
  for (const auto& sample : series.samples) {
    run += sample.new_run ? 1 : 0;
    std::snprintf(row, sizeof row, "%.17g,%.17g,%d\n", sample.seconds, sample.bytes, run);
    text += row;
  }
  return text;
}

class SameAsOnline : public testing::TestWithParam<int> {};

TEST_P(SameAsOnline, FromARecording) {
  const auto series = sim::make_series(static_cast<sim::Kind>(GetParam()), 7);
  const base::Bytes limit{std::llround(series.samples.front().limit)};
  guard::signal::GrowthTracker online;
  std::optional<double> first_leaking;
  for (const auto& sample : series.samples) {
    if (sample.new_run) online.restart();
    online.add(base::SteadyTime(base::from_seconds(sample.seconds - series.samples.front().seconds)),
               {std::llround(sample.bytes)}, std::chrono::minutes(10), limit);
    if (!first_leaking && online.growth().state == LeakState::leaking) first_leaking = sample.seconds;
  }
  Analysis offline("x", limit);
  std::istringstream in(csv_of(series));
  const auto read = read_recording(in, {"timestamp", "memory_bytes", "", "run"},
                                   [&](const RecordedSample& sample) { return offline.take(sample); });
  ASSERT_TRUE(read) << read.error().message;
  const auto verdict = offline.verdict();
  EXPECT_EQ(verdict.state, online.growth().state);
  EXPECT_EQ(verdict.first_leaking_at, first_leaking);
  EXPECT_EQ(verdict.evidence.front(), describe(online.growth()));
  EXPECT_TRUE(series.kind != sim::Kind::leak_linear || offline.is_leak());
}

INSTANTIATE_TEST_SUITE_P(EveryKind, SameAsOnline, testing::Range(0, sim::kKinds), [](const auto& kind) {
  return std::string(sim::name_of(static_cast<sim::Kind>(kind.param)));
});

TEST(Picture, KeepsEveryPeakAndFloorInBoundedSpace) {
  Picture picture;
  constexpr int kSamples = 300'000;
  for (int i = 0; i < kSamples; ++i) {
    const double bytes = i == 123'456 ? 1000 : i == 234'567 ? 1 : 100;
    picture.add(i, bytes, i == 200'000 ? LeakState::leaking : LeakState::stable);
  }
  for (const std::size_t most : {Picture::kMost, std::size_t{64}, std::size_t{1}}) {
    const auto stretches = picture.stretches(most);
    ASSERT_LE(stretches.size(), most);
    double high = 0, low = 1e9, end = -1;
    bool leaking = false;
    for (const auto& stretch : stretches) {
      EXPECT_GT(stretch.from, end);
      end = stretch.until;
      high = std::max(high, stretch.high);
      low = std::min(low, stretch.low);
      leaking = leaking || stretch.state == LeakState::leaking;
    }
    EXPECT_EQ(stretches.front().from, 0);
    EXPECT_EQ(end, kSamples - 1);
    EXPECT_EQ(high, 1000);
    EXPECT_EQ(low, 1);
    EXPECT_TRUE(leaking);
  }
}

TEST(Picture, DoesNotMindYearsOfGap) {
  Picture picture;
  for (int i = 0; i < 10'000; ++i) picture.add(i < 5'000 ? i : 1e9 + i, 1, LeakState::stable);
  EXPECT_LE(picture.stretches().size(), Picture::kMost);
}

TEST(ReportPage, IsBelowAMegabyteHoweverMuchWasRecorded) {
  std::vector<Analysis> analyses;
  for (int i = 0; i < 60; ++i) {
    analyses.emplace_back(std::string(1000, 'x') + std::to_string(i), base::gibibytes(1));
    for (int k = 0; k < 2100; ++k)
      ASSERT_TRUE(analyses.back().take(at(1767323045.123 + 60 * k, 123456789 + k % 97 * 1000003)));
  }
  std::vector<ReportSeries> all;
  for (const auto& analysis : analyses) all.push_back({&analysis});
  const auto page = report_page({"x.csv", "1"}, all);
  EXPECT_LT(page.size(), 1000000U);
  EXPECT_THAT(page, HasSubstr("\"count\":60"));
}

TEST(ReportPage, LetsNoNameEndItsScript) {
  Analysis analysis("</script><script>alert(1)</script><!--", {});
  ASSERT_TRUE(analysis.take(at(1, 1)));
  const auto page = report_page({"<b>", "1"}, {{&analysis}});
  EXPECT_THAT(page, testing::Not(HasSubstr("alert(1)</script>")));
  EXPECT_THAT(page, testing::Not(HasSubstr("<b>")));
  EXPECT_THAT(page, HasSubstr("\\u003c/script>"));
}

}  // namespace
}  // namespace agent::recording

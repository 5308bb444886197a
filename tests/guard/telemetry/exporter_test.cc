#include "guard/telemetry/exporter.h"

#include <cstdlib>
#include <fstream>
#include <set>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "guard/telemetry/catalogue.h"
#include "guard/telemetry/exposition.h"
#include "tests/guard/telemetry/filled_report.h"

namespace guard::telemetry {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr const char* kGolden = FIXTURES "/telemetry/golden.prom";

std::string scrape(const Report& report) { return expose(report, {"1.2.3", "abcdef"}, std::nullopt); }

std::string scrape_with_self(const Report& report) {
  return expose(report, {"1.2.3", "abcdef"}, SelfUsage{1.5, 9437184, 104857600, 1767222000, 23, 1024},
                HistoryUsage{4194304, 3, 20, 1});
}

std::string read(const char* path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

TEST(Scrape, TellsNothingOfAHistoryThatIsNotKept) {
  EXPECT_EQ(scrape(filled_report()).find("leakguard_history"), std::string::npos);
}

// LEAKGUARD_UPDATE_GOLDEN=1 writes the file anew, for a change that is meant: look at its difference then.
TEST(Scrape, IsTheGoldenOne) {
  const std::string text = scrape_with_self(filled_report());
  if (std::getenv("LEAKGUARD_UPDATE_GOLDEN") != nullptr) std::ofstream(kGolden, std::ios::binary) << text;
  EXPECT_EQ(text, read(kGolden));
}

// "leakguard_x_total" out of "# HELP leakguard_x_total …".
std::set<std::string> families(const std::string& text) {
  std::set<std::string> names;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("# HELP ")) names.insert(line.substr(7, line.find(' ', 7) - 7));
  }
  return names;
}

TEST(Scrape, ShowsEveryMetricOfTheCatalogue) {
  const auto shown = families(scrape_with_self(filled_report()));
  for (const MetricDefinition& definition : catalogue())
    EXPECT_TRUE(shown.contains(std::string(definition.name))) << definition.name;
  EXPECT_EQ(shown.size(), catalogue().size());
}

TEST(Scrape, AnAbsentReadingHasNoSeries) {
  const std::string text = scrape(filled_report());
  for (const char* name : {"memory_usage_bytes", "memory_working_set_bytes", "cpu_usage_seconds_total", "pids",
                           "start_time_seconds", "memory_growth_bytes_per_second", "up"}) {
    const std::string series = std::string("leakguard_workload_") + name + "{workload=\"";
    EXPECT_THAT(text, HasSubstr(series + "web\"}"));
    EXPECT_THAT(text, Not(HasSubstr(series + "worker\"}")));
  }
}

TEST(Scrape, SaysNothingOfTheDriftOfACapThatCannotBeRead) {
  Report report = filled_report();
  const std::string series = "leakguard_workload_cap_drift{";
  ASSERT_THAT(scrape(report), HasSubstr(series));
  for (policy::CapDrift& cap : report.workloads[0].caps) cap.observed = sample::Reading<double>::absent("not visible");
  EXPECT_THAT(scrape(report), Not(HasSubstr(series)));
  EXPECT_THAT(scrape(report), HasSubstr("leakguard_workload_cap_desired{"));
}

TEST(Scrape, AWorkloadThatIsGoneTakesItsSeriesWithIt) {
  Report report = filled_report();
  report.workloads.erase(report.workloads.begin());
  report.actions.clear();
  EXPECT_THAT(scrape(report), Not(HasSubstr("\"web\"")));
}

TEST(Scrape, SaysInfinityWhereThereIsNoLimit) {
  Report report = filled_report();
  report.workloads[0].workload.resources.memory.limit = base::Bytes::unlimited();
  report.workloads[0].workload.resources.cpu.limit = base::Cores::unlimited();
  report.workloads[0].signals.time_to_limit = base::Duration::max();
  const std::string text = scrape(report);
  EXPECT_THAT(text, HasSubstr("leakguard_workload_memory_limit_bytes{workload=\"web\"} +Inf\n"));
  EXPECT_THAT(text, HasSubstr("leakguard_workload_cpu_limit_cores{workload=\"web\"} +Inf\n"));
  EXPECT_THAT(text, HasSubstr("leakguard_workload_memory_time_to_limit_seconds{workload=\"web\"} +Inf\n"));
}

TEST(Scrape, MendsALabelThatIsNotUtf8) {
  Report report = filled_report();
  report.workloads[0].workload.identity.image = "shop\xff/web";
  EXPECT_THAT(scrape(report), HasSubstr("image=\"shop\xEF\xBF\xBD/web\""));
}

TEST(Scrape, EscapesALabelWithQuotesAndLineEnds) {
  Report report = filled_report();
  report.workloads[0].workload.identity.image = "a\"b\\c\nd";
  EXPECT_THAT(scrape(report), HasSubstr(R"(image="a\"b\\c\nd")"));
}

TEST(Scrape, HasNoOverdueForALineThatIsOnlyCounted) {
  Report report = filled_report();
  report.workloads[0].logs[0].expected_interval.reset();
  const std::string text = scrape(report);
  EXPECT_THAT(text, Not(HasSubstr("leakguard_log_overdue{")));
  EXPECT_THAT(text, Not(HasSubstr("leakguard_log_expected_interval_seconds{")));
  EXPECT_THAT(text, HasSubstr("leakguard_log_matches_total{"));
}

TEST(Scrape, HasNoHealthWhileItIsNotKnown) {
  Report report = filled_report();
  report.workloads[0].signals.health[1].healthy = sample::Reading<bool>::absent("not probed yet");
  report.workloads[0].probes[1].last_answer.reset();
  const std::string text = scrape(report);
  EXPECT_THAT(text, HasSubstr(R"(leakguard_health_up{workload="web",probe="page"} 1)"));
  EXPECT_THAT(text, Not(HasSubstr(R"(leakguard_health_up{workload="web",probe="port"})")));
  EXPECT_THAT(text, Not(HasSubstr(R"(leakguard_health_duration_seconds{workload="web",probe="port"})")));
  EXPECT_THAT(text, HasSubstr(R"(leakguard_health_failures_total{workload="web",probe="port"} 3)"));
}

TEST(Scrape, TellsWhatMemoryDidAcrossTheLastCleanup) {
  Report report = filled_report();
  EXPECT_THAT(scrape(report),
              HasSubstr("leakguard_log_memory_given_back_bytes{workload=\"web\",log=\"cleanup\"} -1048576\n"));
  report.workloads[0].logs[0].cleanups = {};
  EXPECT_THAT(scrape(report), Not(HasSubstr("leakguard_log_memory_given_back_bytes{")));
}

TEST(Scrape, CountsRestartsOfEveryKnownReasonFromZero) {
  const std::string text = scrape(filled_report());
  EXPECT_THAT(text, HasSubstr("leakguard_workload_restarts_total{workload=\"web\",reason=\"unknown\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("leakguard_workload_restarts_total{workload=\"web\",reason=\"oom_kill\"} 2\n"));
  for (const char* reason : {"clean", "error", "signal", "oom_kill"}) {
    EXPECT_THAT(text, HasSubstr("leakguard_workload_restarts_total{workload=\"worker\",reason=\"" +
                                std::string(reason) + "\"} 0\n"));
  }
}

TEST(Scrape, IsInLeakStateExactlyOne) {
  const std::string text = scrape(filled_report());
  EXPECT_THAT(text, HasSubstr("leakguard_workload_leak_state{workload=\"web\",state=\"growing\"} 1\n"));
  for (const char* state : {"unknown", "warming_up", "stable", "leaking"}) {
    EXPECT_THAT(text,
                HasSubstr("leakguard_workload_leak_state{workload=\"web\",state=\"" + std::string(state) + "\"} 0\n"));
  }
}

TEST(DurationHistogram, CountsABoundIntoItsOwnBucket) {
  DurationHistogram histogram;
  histogram.observe(std::chrono::milliseconds(100));
  EXPECT_EQ(histogram.at_most[1], 0u) << "50 ms";
  EXPECT_EQ(histogram.at_most[2], 1u) << "100 ms";
  EXPECT_EQ(histogram.at_most.back(), 1u);
}

TEST(DurationHistogram, CountsWhatIsOverTheLastBoundInInfinityOnly) {
  DurationHistogram histogram;
  histogram.observe(std::chrono::minutes(2));
  EXPECT_EQ(histogram.at_most.back(), 0u);
  EXPECT_EQ(histogram.count, 1u);
  EXPECT_DOUBLE_EQ(histogram.sum_seconds, 120);
}

}  // namespace
}  // namespace guard::telemetry

#include "guard/telemetry/catalogue.h"

#include <set>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace guard::telemetry {
namespace {

// What dashboards and alert rules rely on: a name may be added here, never lost.
constexpr const char* kPromised[] = {
    "leakguard_build_info",
    "leakguard_workload_info",
    "leakguard_workload_up",
    "leakguard_workload_memory_usage_bytes",
    "leakguard_workload_memory_working_set_bytes",
    "leakguard_workload_memory_anon_bytes",
    "leakguard_workload_memory_file_bytes",
    "leakguard_workload_memory_limit_bytes",
    "leakguard_workload_memory_peak_bytes",
    "leakguard_workload_cpu_usage_seconds_total",
    "leakguard_workload_cpu_limit_cores",
    "leakguard_workload_cpu_periods_total",
    "leakguard_workload_cpu_throttled_periods_total",
    "leakguard_workload_cpu_throttled_seconds_total",
    "leakguard_workload_pids",
    "leakguard_workload_pressure_stalled_seconds_total",
    "leakguard_workload_oom_kills_total",
    "leakguard_workload_restarts_total",
    "leakguard_workload_restart_loop",
    "leakguard_workload_start_time_seconds",
    "leakguard_workload_memory_growth_bytes_per_second",
    "leakguard_workload_memory_time_to_limit_seconds",
    "leakguard_workload_memory_time_to_limit_lower_seconds",
    "leakguard_workload_leak_state",
    "leakguard_workload_cap_desired",
    "leakguard_workload_cap_drift",
    "leakguard_workload_cap_refused",
    "leakguard_log_matches_total",
    "leakguard_log_last_match_timestamp_seconds",
    "leakguard_log_overdue",
    "leakguard_log_source_up",
    "leakguard_log_lag_bytes",
    "leakguard_log_expected_interval_seconds",
    "leakguard_log_value",
    "leakguard_health_up",
    "leakguard_health_duration_seconds",
    "leakguard_health_failures_total",
    "leakguard_actions_total",
    "leakguard_action_duration_seconds",
    "leakguard_breach_to_action_seconds",
    "leakguard_source_up",
    "leakguard_source_duration_seconds",
    "leakguard_source_errors_total",
    "leakguard_journal_errors_total",
    "leakguard_ticks_late_total",
    "leakguard_config_last_reload_successful",
    "leakguard_config_last_reload_success_timestamp_seconds",
    "leakguard_history_bytes",
    "leakguard_history_samples_dropped_total",
    "leakguard_history_writes_total",
};

TEST(Catalogue, HasEveryNameThatIsPromised) {
  std::set<std::string_view> names;
  for (const MetricDefinition& definition : catalogue()) names.insert(definition.name);
  for (const char* promised : kPromised) EXPECT_TRUE(names.contains(promised)) << promised;
}

TEST(Catalogue, NamesEachMetricOnce) {
  std::set<std::string_view> names;
  for (const MetricDefinition& definition : catalogue()) {
    EXPECT_TRUE(names.insert(definition.name).second) << definition.name;
  }
}

TEST(Catalogue, NamesAsPrometheusWantsThem) {
  for (const MetricDefinition& definition : catalogue()) {
    const std::string name(definition.name);
    EXPECT_THAT(name, testing::MatchesRegex("[a-z][a-z0-9_]*"));
    EXPECT_TRUE(name.starts_with("leakguard_") || name.starts_with("process_")) << name;
    EXPECT_EQ(name.ends_with("_total"), definition.type == MetricType::counter) << name << ": only counters are totals";
    EXPECT_EQ(name.find("milli"), std::string::npos) << name << ": base units only";
  }
}

TEST(Catalogue, HelpsInOneSentence) {
  for (const MetricDefinition& definition : catalogue()) {
    EXPECT_TRUE(definition.help.ends_with('.')) << definition.name;
    EXPECT_EQ(definition.help.find('\n'), std::string_view::npos) << definition.name;
  }
}

TEST(CatalogueDeathTest, ANameThatIsNotInItIsABug) {
  EXPECT_DEATH((void)index_of("leakguard_no_such_metric"), "not in the catalogue");
}

}  // namespace
}  // namespace guard::telemetry

#include "guard/telemetry/report_json.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "tests/guard/telemetry/filled_report.h"

namespace guard::telemetry {
namespace {

using nlohmann::json;

json status_of(const Report& report) { return json::parse(status_json(report, "1.2.3")); }

TEST(StatusJson, SaysWhatWasRead) {
  const json status = status_of(filled_report());
  EXPECT_EQ(status["at"], 1767225600);
  EXPECT_EQ(status["version"], "1.2.3");
  EXPECT_EQ(status["ticks"], 3600);
  EXPECT_EQ(status["ticks_late"], 2);
  const json& web = status["workloads"][0];
  EXPECT_EQ(web["name"], "web");
  EXPECT_EQ(web["kind"], "container");
  EXPECT_EQ(web["identity"]["pid"], 4242);
  EXPECT_EQ(web["memory"]["working_set_bytes"], 432 << 20);
  EXPECT_EQ(web["memory"]["time_to_limit_seconds"], 36000);
  EXPECT_EQ(web["memory"]["time_to_limit_lower_seconds"], 32400);
  EXPECT_EQ(web["cpu"]["limit_cores"], 0.8);
  EXPECT_EQ(web["pids"], 12);
  EXPECT_EQ(web["lifecycle"]["restarts_by_reason"]["oom_kill"], 2);
  EXPECT_EQ(web["logs"][0]["captures"]["count"], 7);
  EXPECT_EQ(web["logs"][0]["cleanups"]["given_back_bytes"], -1048576);
  EXPECT_EQ(web["logs"][0]["cleanups"]["recent"][0]["captures"]["count"], 7);
  EXPECT_FALSE(web["memory"].contains("absent"));
}

TEST(StatusJson, GivesTheReasonBesideWhatIsAbsent) {
  Report report = filled_report();
  report.workloads[0].workload.resources.memory.peak = sample::Reading<base::Bytes>::absent("No such file");
  const json web = status_of(report)["workloads"][0];
  EXPECT_TRUE(web["memory"]["peak_bytes"].is_null());
  EXPECT_EQ(web["memory"]["absent"]["peak_bytes"], "No such file");
  EXPECT_FALSE(web["memory"]["absent"].contains("usage_bytes"));
}

TEST(StatusJson, SaysNullWhereThereIsNoLimit) {
  Report report = filled_report();
  report.workloads[0].workload.resources.memory.limit = base::Bytes::unlimited();
  report.workloads[0].signals.time_to_limit = base::Duration::max();
  const json web = status_of(report)["workloads"][0];
  EXPECT_TRUE(web["memory"]["limit_bytes"].is_null());
  EXPECT_TRUE(web["memory"]["time_to_limit_seconds"].is_null());
  EXPECT_FALSE(web["memory"].contains("absent")) << "known to be without end is not the same as not known";
}

TEST(StatusJson, AWorkloadsVerdictIsItsWorstSentence) {
  const json status = status_of(filled_report());
  EXPECT_EQ(status["workloads"][0]["verdict"], "trouble");
  EXPECT_EQ(status["workloads"][1]["verdict"], "notice");
  EXPECT_EQ(status["verdict"], "trouble");
}

TEST(StatusJson, ASourceThatIsDownIsANotice) {
  Report report;
  EXPECT_EQ(status_of(report)["verdict"], "ok");
  report.sources = {{"engine", false, "Connection refused", base::Duration{0}, 1}};
  EXPECT_EQ(status_of(report)["verdict"], "notice");
}

TEST(StatusJson, StaysJsonWhateverBytesAnImageNameHas) {
  Report report = filled_report();
  report.workloads[0].workload.identity.image = "shop\xff/web";
  EXPECT_EQ(status_of(report)["workloads"][0]["identity"]["image"], "shop\xEF\xBF\xBD/web");
}

TEST(StatusJson, TellsWhatEveryProbeFound) {
  Report report = filled_report();
  report.workloads[0].signals.health.push_back({"script", sample::Reading<bool>::absent("not probed yet"), 0, ""});
  const json health = status_of(report)["workloads"][0]["health"];
  ASSERT_EQ(health.size(), 3u);
  EXPECT_EQ(health[0]["healthy"], true);
  EXPECT_EQ(health[0]["duration_seconds"], 0.002);
  EXPECT_EQ(health[1]["healthy"], false);
  EXPECT_EQ(health[1]["failures_in_row"], 3);
  EXPECT_EQ(health[1]["why"], "Connection refused");
  EXPECT_TRUE(health[2]["healthy"].is_null());
  EXPECT_EQ(health[2]["absent"]["healthy"], "not probed yet");
  EXPECT_TRUE(health[2]["duration_seconds"].is_null());
}

TEST(StatusJson, TellsWhereTheRulesStand) {
  Report report = filled_report();
  const json policy = status_of(report)["workloads"][0]["policy"];
  EXPECT_EQ(policy["escalations"][0], json::parse(R"({"rule":"memory-high","step":2,"steps":4})"));
  EXPECT_TRUE(policy["stop_latch"].is_null());
  EXPECT_EQ(policy["actions_counted"], 3);
  EXPECT_EQ(policy["actions_within_seconds"], 3600);
  report.workloads[0].policy.stop_latch = PolicyReport::StopLatch{"memory-high", wall_at(0)};
  EXPECT_EQ(status_of(report)["workloads"][0]["policy"]["stop_latch"]["rule"], "memory-high");
}

TEST(WorkloadJson, IsTheOneOfTheStatus) {
  const Report report = filled_report();
  const auto web = workload_json(report, "web");
  ASSERT_TRUE(web.has_value());
  EXPECT_EQ(json::parse(*web), status_of(report)["workloads"][0]);
}

TEST(WorkloadJson, IsNothingForANameThatIsNotConfigured) {
  EXPECT_FALSE(workload_json(filled_report(), "nobody").has_value());
}

TEST(ActionsJson, BeginsWithTheNewest) {
  Report report = filled_report();
  report.recent_actions.push_back(restart_record());
  report.recent_actions.back().number = 6;
  const json actions = json::parse(actions_json(report))["actions"];
  EXPECT_EQ(actions[0]["number"], 6);
  EXPECT_EQ(actions[1]["number"], 5);
}

TEST(ActionJson, IsOneLineWithItsEvidence) {
  const std::string line = action_json(restart_record());
  EXPECT_EQ(line.find('\n'), std::string::npos);
  const json action = json::parse(line);
  EXPECT_EQ(action["workload"], "web");
  EXPECT_EQ(action["action"], "restart");
  EXPECT_EQ(action["evidence"]["memory"], "640 MiB");
  EXPECT_EQ(action["outcome"], "done");
  EXPECT_EQ(action["took_seconds"], 1.5);
  EXPECT_TRUE(action["step"].is_null()) << "the rule has no escalation";
}

TEST(ActionJson, TellsTheStepOfAEscalationAndWhetherItHelped) {
  ActionRecord record = restart_record();
  record.decision.step = 2;
  record.decision.steps = 3;
  record.effect = "memory fell to 40 MiB after 3s";
  const json action = json::parse(action_json(record));
  EXPECT_EQ(action["step"], 2);
  EXPECT_EQ(action["steps"], 3);
  EXPECT_EQ(action["effect"], "memory fell to 40 MiB after 3s");
}

TEST(ActionJson, HasNoOutcomeWhileItIsUnderWay) {
  ActionRecord record = restart_record();
  record.outcome.reset();
  EXPECT_TRUE(json::parse(action_json(record))["outcome"].is_null());
}

TEST(AlertJson, IsOneAlertAsAlertmanagerTakesIt) {
  const json alerts = json::parse(alert_json(restart_record()));
  ASSERT_EQ(alerts.size(), 1u);
  EXPECT_EQ(alerts[0]["labels"]["alertname"], "LeakguardAction");
  EXPECT_EQ(alerts[0]["labels"]["workload"], "web");
  EXPECT_EQ(alerts[0]["labels"]["outcome"], "done");
  EXPECT_EQ(alerts[0]["annotations"]["summary"], restart_record().decision.reason);
  for (const auto& [name, value] : alerts[0]["labels"].items()) EXPECT_TRUE(value.is_string()) << name;
}

}  // namespace
}  // namespace guard::telemetry

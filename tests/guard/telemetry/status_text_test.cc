#include "guard/telemetry/status_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/guard/telemetry/filled_report.h"

namespace guard::telemetry {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::Each;
using testing::ElementsAre;
using testing::Field;
using testing::Not;
using testing::StartsWith;

auto says(Urgency urgency, const std::string& text) {
  return AllOf(Field("urgency", &Sentence::urgency, urgency), Field("text", &Sentence::text, text));
}

// Runs, and of which nothing else is known.
WorkloadReport quiet() {
  WorkloadReport report;
  report.workload.lifecycle.state = sample::State::running;
  return report;
}

TEST(Words, OfAQuietWorkloadAreOneSentence) {
  EXPECT_THAT(describe(quiet()), ElementsAre(says(Urgency::fine, "runs; nothing has been read of it yet")));
}

TEST(Words, SayWhyAStateIsUnknown) {
  WorkloadReport report = quiet();
  report.workload.lifecycle.state = sample::State::unknown;
  report.workload.lifecycle.why = "the engine does not answer";
  EXPECT_THAT(describe(report),
              ElementsAre(says(Urgency::notice,
                               "state unknown (the engine does not answer); nothing is enforced until "
                               "it can be read")));
}

TEST(Words, CallAnAbsentWorkloadTrouble) {
  WorkloadReport report = quiet();
  report.workload.lifecycle.state = sample::State::absent;
  EXPECT_THAT(describe(report), ElementsAre(says(Urgency::trouble, "does not exist")));
}

TEST(Words, CallAStartANotice) {
  WorkloadReport report = quiet();
  report.workload.lifecycle.state = sample::State::starting;
  EXPECT_THAT(describe(report), ElementsAre(says(Urgency::notice, "is starting")));
}

TEST(Words, SayHowAStoppedWorkloadEnded) {
  WorkloadReport report = quiet();
  report.workload.lifecycle = {sample::State::stopped, "", {}, 1, sample::ExitReason::oom_kill, 137};
  EXPECT_THAT(describe(report),
              ElementsAre(says(Urgency::trouble, "is stopped; its last run ended with code 137 (oom_kill)")));
}

WorkloadReport with_memory(std::int64_t mebibytes_used, base::Bytes limit) {
  WorkloadReport report = quiet();
  report.signals.unreclaimable = base::mebibytes(mebibytes_used);
  report.signals.memory_limit = limit;
  if (!limit.is_unlimited()) {
    report.signals.memory_used =
        base::Ratio{static_cast<double>(mebibytes_used << 20) / static_cast<double>(limit.count)};
  }
  return report;
}

TEST(Words, AreCalmJustBelow85PerCentOfTheLimit) {
  EXPECT_THAT(describe(with_memory(849, base::mebibytes(1000))),
              ElementsAre(says(Urgency::fine, "memory 849 MiB, 84.9% of 1000 MiB")));
}

TEST(Words, CallMemoryFrom85PerCentOnTrouble) {
  EXPECT_THAT(describe(with_memory(850, base::mebibytes(1000))),
              ElementsAre(says(Urgency::trouble, "memory 850 MiB, 85% of 1000 MiB: near its limit")));
}

TEST(Words, GiveNoShareOfALimitThatThereIsNot) {
  EXPECT_THAT(describe(with_memory(850, base::Bytes::unlimited())), ElementsAre(says(Urgency::fine, "memory 850 MiB")));
}

WorkloadReport growing(double bytes_per_second, signal::LeakState state) {
  WorkloadReport report = quiet();
  report.signals.growth = bytes_per_second;
  report.signals.leak = state;
  return report;
}

TEST(Words, DoNotMentionASlopeThatIsNoGrowth) {
  for (const auto state : {signal::LeakState::unknown, signal::LeakState::warming_up, signal::LeakState::stable}) {
    EXPECT_THAT(describe(growing(1048576.0, state)), Each(Field(&Sentence::text, Not(StartsWith("memory grows")))));
  }
}

TEST(Words, CallGrowthANotice) {
  WorkloadReport report = growing(65536.0 / 3600, signal::LeakState::growing);
  report.signals.time_to_limit = base::Duration(std::chrono::hours(3));
  EXPECT_THAT(describe(report), ElementsAre(says(Urgency::notice, "memory grows by 64 KiB/h, limit in 3h (growing)")));
  report.signals.earliest_limit = base::Duration(std::chrono::hours(2));
  EXPECT_THAT(describe(report), ElementsAre(says(Urgency::notice,
                                                 "memory grows by 64 KiB/h, limit in 3h (at the "
                                                 "earliest in 2h) (growing)")));
}

TEST(Words, CallALeakTroubleAndGiveItsEvidence) {
  WorkloadReport report = growing(1048576.0, signal::LeakState::leaking);
  report.signals.time_to_limit = base::Duration::max();
  report.signals.leak_evidence = "the floor rose in 9 of 10 windows";
  EXPECT_THAT(describe(report), ElementsAre(says(Urgency::trouble, "memory grows by 3.5 GiB/h (leaking)"),
                                            says(Urgency::trouble, "the floor rose in 9 of 10 windows")));
}

TEST(Words, CountOomKills) {
  WorkloadReport report = quiet();
  report.signals.oom_kills_total = 1;
  EXPECT_THAT(describe(report), ElementsAre(says(Urgency::trouble, "killed by the OOM killer once")));
  report.signals.oom_kills_total = 3;
  EXPECT_THAT(describe(report), ElementsAre(says(Urgency::trouble, "killed by the OOM killer 3 times")));
}

TEST(Words, CallRestartsANoticeAndALoopTrouble) {
  WorkloadReport report = quiet();
  report.signals.restarts_total = 2;
  EXPECT_THAT(describe(report), ElementsAre(says(Urgency::notice, "restarted 2 times")));
  report.signals.restart_loop = {true, 4};
  EXPECT_THAT(describe(report), ElementsAre(says(Urgency::trouble, "in a restart loop: 4 restarts in its window")));
}

TEST(Words, CallADriftedCapTrouble) {
  WorkloadReport report = quiet();
  report.caps = {{"memory", 1, 2.0, true}};
  EXPECT_THAT(describe(report),
              ElementsAre(says(Urgency::trouble, "cap memory is not as configured; leakguard is restoring it")));
}

TEST(Words, CallACapThatCannotBeReadANoticeWhileTheWorkloadRuns) {
  WorkloadReport report = quiet();
  report.caps = {{"pids", 1, sample::Reading<double>::absent("no pids controller"), false}};
  EXPECT_THAT(describe(report), ElementsAre(says(Urgency::notice, "cap pids cannot be read: no pids controller")));
  report.workload.lifecycle.state = sample::State::starting;
  EXPECT_THAT(describe(report), ElementsAre(says(Urgency::notice, "is starting")));
}

TEST(Words, TellAnOverdueLineFromALogThatCannotBeRead) {
  WorkloadReport report = quiet();
  report.logs = {filled_log()};
  report.logs[0].cleanups = {};
  EXPECT_THAT(describe(report), ElementsAre(says(Urgency::fine, "log line 'cleanup' seen 41 times")));
  report.logs[0].overdue = true;
  EXPECT_THAT(describe(report),
              ElementsAre(says(Urgency::trouble, "log line 'cleanup' is overdue: expected every 30m")));
  report.logs[0].overdue = sample::Reading<bool>::absent("the stream broke");
  report.logs[0].watch.source_up = false;
  report.logs[0].watch.why = "the stream broke";
  EXPECT_THAT(describe(report),
              ElementsAre(says(Urgency::notice, "log line 'cleanup': the log cannot be read (the stream broke)")));
}

TEST(Words, SayWhichRuleCannotFireOnThisHost) {
  WorkloadReport report = quiet();
  report.policy.impossible_rules = {{"hot", "it needs more than 4 cores and the host has 2"}};
  EXPECT_THAT(describe(report),
              Contains(says(Urgency::notice, "rule hot cannot fire: it needs more than 4 cores and the host has 2")));
}

TEST(Words, SayWhichRuleCannotFireWithoutAPressureReading) {
  WorkloadReport report = quiet();
  report.policy.pressure_rules = {{"stalled", policy::Metric::memory_pressure}};
  report.signals.memory_pressure = base::Ratio{0};
  report.workload.resources.pressure.memory.some = base::Duration(0);
  EXPECT_THAT(describe(report), Not(Contains(Field("text", &Sentence::text, testing::HasSubstr("cannot fire")))));
  report.signals.memory_pressure = sample::Reading<base::Ratio>::absent("memory.pressure: No such file or directory");
  report.workload.resources.pressure.memory.some =
      sample::Reading<base::Duration>::absent("memory.pressure: No such file or directory");
  EXPECT_THAT(describe(report),
              Contains(says(Urgency::notice,
                            "rule stalled cannot fire: memory_pressure is unknown (memory.pressure: No such file or "
                            "directory); a kernel without PSI has to be booted with psi=1")));
}

TEST(Words, SayThatTheReaderOfALogIsBehind) {
  WorkloadReport report = quiet();
  report.logs = {filled_log()};
  report.logs[0].cleanups = {};
  report.logs[0].watch.is_behind = true;
  report.logs[0].watch.lag_bytes = 300u << 20;
  EXPECT_THAT(describe(report),
              Contains(says(Urgency::notice,
                            "log line 'cleanup': the log is written faster than it is read, 300 MiB behind; whether "
                            "the line is overdue is unknown")));
}

TEST(Words, CallACleanupThatFreesNothingANoticeOnlyWhileMemoryGrows) {
  WorkloadReport report = quiet();
  report.logs = {filled_log()};
  const signal::Cleanup nothing = {wall_at(0), base::mebibytes(300), base::mebibytes(300), {}};
  report.logs[0].cleanups = {3, std::make_shared<std::vector<signal::Cleanup>>(3, nothing)};
  report.signals.leak = signal::LeakState::stable;
  EXPECT_THAT(describe(report), Contains(says(Urgency::fine, "log line 'cleanup': 3 cleanups, 0 MiB given back")));
  report.signals.leak = signal::LeakState::growing;
  EXPECT_THAT(describe(report),
              Contains(says(Urgency::notice,
                            "log line 'cleanup': 3 cleanups, 0 MiB given back: the cleanup runs but does not free")));
}

TEST(Words, CallAnUnhealthyProbeTrouble) {
  WorkloadReport report = quiet();
  report.signals.health = {{"port", false, 3, "Connection refused"}};
  EXPECT_THAT(describe(report),
              ElementsAre(says(Urgency::trouble, "health probe 'port' fails: Connection refused, 3 times in a row")));
  report.signals.health = {{"port", false, 0, ""}};
  EXPECT_THAT(describe(report),
              ElementsAre(says(Urgency::trouble, "health probe 'port' has not passed often enough since it failed")));
}

TEST(Words, CallAProbeThatIsNotSureANotice) {
  WorkloadReport report = quiet();
  report.signals.health = {{"port", true, 1, "Connection refused"}};
  EXPECT_THAT(describe(report),
              ElementsAre(says(Urgency::notice, "health probe 'port' fails: Connection refused, once")));
  report.signals.health = {{"port", sample::Reading<bool>::absent("not probed yet"), 0, ""}};
  EXPECT_THAT(describe(report), ElementsAre(says(Urgency::notice, "health probe 'port': not known (not probed yet)")));
  report.signals.health = {{"port", true, 0, ""}};
  EXPECT_THAT(describe(report), ElementsAre(says(Urgency::fine, "health probe 'port' passes")));
}

TEST(Words, TellWhereTheRulesStand) {
  WorkloadReport report = quiet();
  report.policy.escalations = {{"memory", 0, 3}, {"growth", 2, 4}};
  report.policy.actions_max = 10;
  report.policy.actions_counted = 9;
  EXPECT_THAT(describe(report), ElementsAre(says(Urgency::trouble, "rule growth is at step 2 of 4")));
  report.policy.escalations.clear();
  report.policy.actions_counted = 10;
  report.policy.actions_within = base::Duration(std::chrono::hours(1));
  EXPECT_THAT(describe(report),
              ElementsAre(says(Urgency::trouble, "action rate limit reached (10 within 1h): its rules only notify")));
}

TEST(Words, TellWhoStoppedItAndHowToStartIt) {
  WorkloadReport report = quiet();
  report.policy.stop_latch = PolicyReport::StopLatch{"memory", wall_at(0)};
  report.workload.name = "web";
  report.workload.kind = sample::TargetKind::container;
  EXPECT_THAT(describe(report), Contains(says(Urgency::trouble,
                                              "stopped by rule memory, start it manually, for example with docker "
                                              "start")));
  report.workload.kind = sample::TargetKind::command;
  report.policy.stop_marker = "/var/lib/leakguard/stopped/web";
  EXPECT_THAT(describe(report), Contains(says(Urgency::trouble,
                                              "stopped by rule memory, start it manually: echo start > "
                                              "/var/lib/leakguard/stopped/web")));
  report.policy.stop_marker.clear();
  EXPECT_THAT(describe(report),
              Contains(says(Urgency::trouble, "stopped by rule memory, start it manually: restart leakguard")));
}

TEST(Words, TellWhatKeepsRulesFromActing) {
  WorkloadReport report = quiet();
  report.policy.maintenance = "02:00 to 04:00 UTC";
  report.policy.dependency_suppression = "db, which web depends on, is stopped";
  EXPECT_THAT(
      describe(report),
      ElementsAre(says(Urgency::notice, "maintenance, 02:00 to 04:00 UTC: rules only notify"),
                  says(Urgency::notice, "not restarted by its own rules: db, which web depends on, is stopped")));
}

TEST(Words, BeginWithTheMostUrgent) {
  WorkloadReport report = filled_workload();
  report.logs[0].overdue = true;
  const auto sentences = describe(report);
  for (std::size_t i = 1; i < sentences.size(); ++i) EXPECT_GE(sentences[i - 1].urgency, sentences[i].urgency) << i;
  EXPECT_EQ(sentences.front().urgency, Urgency::trouble);
  EXPECT_EQ(sentences.back().urgency, Urgency::fine);
}

TEST(Words, NameUrgenciesForScripts) {
  EXPECT_EQ(name_of(Urgency::fine), "ok");
  EXPECT_EQ(name_of(Urgency::notice), "notice");
  EXPECT_EQ(name_of(Urgency::trouble), "trouble");
}

}  // namespace
}  // namespace guard::telemetry

#pragma once
// A report in which everything that can be known is known, and a workload of which nothing is.

#include "guard/telemetry/report.h"

namespace guard::telemetry {

inline base::WallTime wall_at(int seconds) { return base::WallTime(std::chrono::seconds(1767225600 + seconds)); }

inline sample::PressureTotals stalled(int some_ms, int full_ms) {
  return {base::Duration(std::chrono::milliseconds(some_ms)), base::Duration(std::chrono::milliseconds(full_ms))};
}

inline sample::Resources filled_resources() {
  sample::Resources resources;
  resources.memory.usage = base::mebibytes(512);
  resources.memory.anon = base::mebibytes(400);
  resources.memory.file = base::mebibytes(100);
  resources.memory.inactive_file = base::mebibytes(80);
  resources.memory.limit = base::mebibytes(700);
  resources.memory.peak = base::mebibytes(600);
  resources.cpu.used = base::Duration(std::chrono::milliseconds(12500));
  resources.cpu.limit = base::Cores{0.8};
  resources.cpu.periods = 1000;
  resources.cpu.throttled_periods = 25;
  resources.cpu.throttled = base::Duration(std::chrono::milliseconds(750));
  resources.pids.current = 12;
  resources.pressure = {stalled(1500, 500), stalled(2000, 0), stalled(250, 125)};
  return resources;
}

inline signal::WorkloadSignals filled_signals() {
  signal::WorkloadSignals signals;
  signals.workload = "web";
  signals.state = sample::State::running;
  signals.working_set = base::mebibytes(432);
  signals.unreclaimable = base::mebibytes(414);
  signals.memory_limit = base::mebibytes(700);
  signals.memory_used = base::Ratio{432.0 / 700.0};
  signals.cpu_used = base::Cores{0.25};
  signals.cpu_throttled = base::Ratio{0.05};
  signals.growth = 2048.0;
  signals.time_to_limit = base::Duration(std::chrono::hours(10));
  signals.earliest_limit = base::Duration(std::chrono::hours(9));
  signals.leak = signal::LeakState::growing;
  signals.oom_kills_total = 2;
  signals.restarts_total = 3;
  return signals;
}

inline LogReport filled_log() {
  LogReport log;
  log.watch.workload = "web";
  log.watch.name = "cleanup";
  log.watch.source_up = true;
  log.watch.lag_is_known = true;  // a file
  log.watch.matches = 41;
  log.watch.last_match_wall = wall_at(-90);
  log.watch.captures = {{"count", 7}};
  log.expected_interval = std::chrono::minutes(30);
  log.overdue = false;
  const signal::Cleanup rose = {wall_at(-90), base::mebibytes(300), base::mebibytes(301), {{"count", 7}}};
  log.cleanups = {1, std::make_shared<std::vector<signal::Cleanup>>(1, rose)};
  return log;
}

inline sample::Probe filled_probe(const std::string& name, std::uint64_t failures) {
  sample::Probe probe;
  probe.workload = "web";
  probe.name = name;
  probe.last_answer = base::SteadyTime(std::chrono::hours(1));
  probe.failures_in_row = probe.failures = failures;
  probe.passes_in_row = failures == 0 ? 1 : 0;
  probe.why = failures == 0 ? "" : "Connection refused";
  probe.took = std::chrono::milliseconds(2);
  return probe;
}

inline WorkloadReport filled_workload() {
  WorkloadReport report;
  report.workload.name = "web";
  report.workload.kind = sample::TargetKind::container;
  report.workload.identity = {"container:3f2a", "3f2a", "shop/web:1.4", 4242};
  report.workload.lifecycle.state = sample::State::running;
  report.workload.lifecycle.started_at = wall_at(-3600);
  report.workload.lifecycle.last_exit = sample::ExitReason::oom_kill;
  report.workload.lifecycle.last_exit_code = 137;
  report.workload.resources = filled_resources();
  report.signals = filled_signals();
  report.caps = {{"memory", static_cast<double>(700 << 20), static_cast<double>(700 << 20), false},
                 {"cpus", 0.8, 2.0, true}};
  report.logs = {filled_log()};
  report.probes = {filled_probe("page", 0), filled_probe("port", 3)};
  report.signals.health = {{"page", true, 0, ""}, {"port", false, 3, "Connection refused"}};
  report.restarts_by_reason = {{"oom_kill", 2}, {"unknown", 1}};
  report.policy.escalations = {{"memory-high", 2, 4}};
  report.policy.actions_counted = 3;
  report.policy.actions_max = 10;
  report.policy.actions_within = std::chrono::hours(1);
  return report;
}

// Of which every reading is absent.
inline WorkloadReport unknown_workload() {
  WorkloadReport report;
  report.workload.name = "worker";
  report.workload.kind = sample::TargetKind::command;
  report.workload.lifecycle.why = "the engine does not answer";
  report.signals.workload = "worker";
  return report;
}

inline sample::Host filled_host() {
  sample::Host host;
  host.memory_total = base::gibibytes(8);
  host.memory_available = base::gibibytes(3);
  host.swap_total = base::gibibytes(2);
  host.swap_free = base::gibibytes(1);
  host.load1 = 0.5;
  host.load5 = 0.25;
  host.load15 = 0.125;
  host.cores = 4;
  host.pressure = {stalled(1000, 250), stalled(3000, 0), stalled(500, 125)};
  host.disks = {{"/", base::gibibytes(100), base::gibibytes(40)}};
  host.oom_kills = std::uint64_t{3};
  return host;
}

inline ActionRecord restart_record() {
  ActionRecord record;
  record.number = 5;
  record.at = wall_at(-30);
  record.decision.workload = "web";
  record.decision.rule = "memory-high";
  record.decision.action = policy::Restart{};
  record.decision.reason = "memory 640 MiB is 91% of 700 MiB, above 85% for 30s";
  record.decision.evidence = {{"memory", "640 MiB"}};
  record.outcome = Outcome::done;
  record.result = "runs again as process 7";
  record.took = std::chrono::milliseconds(1500);
  return record;
}

inline Report filled_report() {
  Report report;
  report.at = wall_at(0);
  report.workloads = {filled_workload(), unknown_workload()};
  report.host = filled_host();
  report.sources = {{"cgroup", true, "", std::chrono::microseconds(250), 1},
                    {"engine", false, "Connection refused", std::chrono::milliseconds(2), 17}};
  report.actions = {{{"web", "caps", "caps", "done"}, 4}, {{"web", "restart", "memory-high", "recovered"}, 1}};
  report.action_durations["caps"].observe(std::chrono::milliseconds(20));
  report.breach_to_action.observe(std::chrono::seconds(30));
  report.recent_actions = {restart_record()};
  report.ticks = 3600;
  report.ticks_late = 2;
  report.config_reloaded_at = wall_at(-3600);
  return report;
}

}  // namespace guard::telemetry

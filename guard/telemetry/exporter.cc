#include "guard/telemetry/exporter.h"

#include <algorithm>
#include <map>
#include <set>

#include "guard/telemetry/exposition.h"

namespace guard::telemetry {
namespace {

using sample::Reading;

double unix_seconds(base::WallTime time) { return std::chrono::duration<double>(time.time_since_epoch()).count(); }

Labels with(Labels labels, std::string_view name, std::string_view value) {
  labels.emplace_back(name, std::string(value));
  return labels;
}

void add_pressure(Exposition& out, std::string_view name, const Labels& labels, const sample::Pressure& pressure) {
  const auto add = [&](std::string_view resource, const sample::PressureTotals& totals) {
    const Labels of_resource = with(labels, "resource", resource);
    out.add(name, with(of_resource, "kind", "some"), totals.some);
    out.add(name, with(of_resource, "kind", "full"), totals.full);
  };
  add("memory", pressure.memory);
  add("cpu", pressure.cpu);
  add("io", pressure.io);
}

void add_resources(Exposition& out, const Labels& labels, const sample::Resources& resources) {
  const sample::Memory& memory = resources.memory;
  out.add("leakguard_workload_memory_usage_bytes", labels, memory.usage);
  out.add("leakguard_workload_memory_anon_bytes", labels, memory.anon);
  out.add("leakguard_workload_memory_file_bytes", labels, memory.file);
  out.add("leakguard_workload_memory_limit_bytes", labels, memory.limit);
  out.add("leakguard_workload_memory_peak_bytes", labels, memory.peak);
  const sample::Cpu& cpu = resources.cpu;
  out.add("leakguard_workload_cpu_usage_seconds_total", labels, cpu.used);
  out.add("leakguard_workload_cpu_limit_cores", labels, cpu.limit);
  out.add("leakguard_workload_cpu_periods_total", labels, cpu.periods);
  out.add("leakguard_workload_cpu_throttled_periods_total", labels, cpu.throttled_periods);
  out.add("leakguard_workload_cpu_throttled_seconds_total", labels, cpu.throttled);
  if (resources.pids.current) out.add("leakguard_workload_pids", labels, static_cast<double>(*resources.pids.current));
  add_pressure(out, "leakguard_workload_pressure_stalled_seconds_total", labels, resources.pressure);
}

void add_signals(Exposition& out, const Labels& labels, const signal::WorkloadSignals& signals) {
  out.add("leakguard_workload_memory_unreclaimable_bytes", labels, signals.unreclaimable);
  out.add("leakguard_workload_memory_working_set_bytes", labels, signals.working_set);
  out.add("leakguard_workload_oom_kills_total", labels, static_cast<double>(signals.oom_kills_total));
  out.add("leakguard_workload_restart_loop", labels, signals.restart_loop.looping ? 1.0 : 0.0);
  out.add("leakguard_workload_memory_growth_bytes_per_second", labels, signals.growth);
  out.add("leakguard_workload_memory_time_to_limit_seconds", labels, signals.time_to_limit);
  out.add("leakguard_workload_memory_time_to_limit_lower_seconds", labels, signals.earliest_limit);
  for (const auto state : {signal::LeakState::unknown, signal::LeakState::warming_up, signal::LeakState::stable,
                           signal::LeakState::growing, signal::LeakState::leaking}) {
    out.add("leakguard_workload_leak_state", with(labels, "state", signal::name_of(state)),
            signals.leak == state ? 1.0 : 0.0);
  }
}

void add_lifecycle(Exposition& out, const Labels& labels, const WorkloadReport& report) {
  const sample::Workload& workload = report.workload;
  out.add("leakguard_workload_info",
          {{"workload", workload.name},
           {"kind", std::string(sample::name_of(workload.kind))},
           {"container_id", workload.identity.container_id},
           {"image", workload.identity.image}},
          1.0);
  if (workload.lifecycle.state != sample::State::unknown) {
    out.add("leakguard_workload_up", labels, workload.lifecycle.state == sample::State::running ? 1.0 : 0.0);
  }
  if (workload.lifecycle.started_at) {
    out.add("leakguard_workload_start_time_seconds", labels, unix_seconds(*workload.lifecycle.started_at));
  }
  // All reasons from the beginning: a counter that appears with its first event has no increase to see.
  std::map<std::string, std::uint64_t> restarts = report.restarts_by_reason;
  for (const auto reason : {sample::ExitReason::clean, sample::ExitReason::error, sample::ExitReason::signal,
                            sample::ExitReason::oom_kill}) {
    restarts.try_emplace(std::string(sample::name_of(reason)), 0);
  }
  for (const auto& [reason, count] : restarts) {
    out.add("leakguard_workload_restarts_total", with(labels, "reason", reason), static_cast<double>(count));
  }
}

void add_caps(Exposition& out, const Labels& labels, const WorkloadReport& report) {
  const auto& refusal = report.caps_refusal;
  for (const policy::CapDrift& cap : report.caps) {
    const Labels of_resource = with(labels, "resource", cap.resource);
    out.add("leakguard_workload_cap_desired", of_resource, cap.desired);
    if (cap.observed) out.add("leakguard_workload_cap_drift", of_resource, cap.drifted ? 1.0 : 0.0);
    const bool is_refused = refusal && std::ranges::find(refusal->resources, cap.resource) != refusal->resources.end();
    out.add("leakguard_workload_cap_refused", of_resource, is_refused ? 1.0 : 0.0);
  }
}

void add_logs(Exposition& out, const Labels& workload, const std::vector<LogReport>& logs) {
  for (const LogReport& log : logs) {
    const Labels labels = with(workload, "log", log.watch.name);
    out.add("leakguard_log_matches_total", labels, static_cast<double>(log.watch.matches));
    out.add("leakguard_log_source_up", labels, log.watch.source_up ? 1.0 : 0.0);
    // A container's log has no lag that is known in bytes.
    if (log.watch.source_up && log.watch.lag_is_known)
      out.add("leakguard_log_lag_bytes", labels, static_cast<double>(log.watch.lag_bytes));
    if (log.watch.last_match_wall) {
      out.add("leakguard_log_last_match_timestamp_seconds", labels, unix_seconds(*log.watch.last_match_wall));
    }
    if (log.expected_interval) {
      out.add("leakguard_log_expected_interval_seconds", labels, base::to_seconds(*log.expected_interval));
      if (log.overdue) out.add("leakguard_log_overdue", labels, *log.overdue ? 1.0 : 0.0);
    }
    if (log.cleanups.recent && !log.cleanups.recent->empty()) {
      const signal::Cleanup& last = log.cleanups.recent->back();
      out.add("leakguard_log_memory_given_back_bytes", labels, static_cast<double>((last.before - last.after).count));
    }
    for (const auto& [capture, value] : log.watch.captures) {
      out.add("leakguard_log_value", with(labels, "capture", capture), value);
    }
  }
}

void add_health(Exposition& out, const Labels& workload, const WorkloadReport& report) {
  for (const signal::HealthSignal& health : report.signals.health) {
    if (health.healthy)
      out.add("leakguard_health_up", with(workload, "probe", health.probe), *health.healthy ? 1.0 : 0.0);
  }
  for (const sample::Probe& probe : report.probes) {
    const Labels labels = with(workload, "probe", probe.name);
    if (probe.last_answer) out.add("leakguard_health_duration_seconds", labels, Reading<base::Duration>(probe.took));
    out.add("leakguard_health_failures_total", labels, static_cast<double>(probe.failures));
  }
}

void add_policy(Exposition& out, const Labels& labels, const PolicyReport& policy) {
  out.add("leakguard_stop_latched", labels, policy.stop_latch ? 1.0 : 0.0);
  out.add("leakguard_maintenance", labels, policy.maintenance.empty() ? 0.0 : 1.0);
  if (policy.actions_max > 0) {
    out.add("leakguard_action_rate_used", labels, static_cast<double>(policy.actions_counted));
    out.add("leakguard_action_rate_limit", labels, static_cast<double>(policy.actions_max));
  }
  for (const auto& escalation : policy.escalations)
    out.add("leakguard_rule_step", with(labels, "rule", escalation.rule), static_cast<double>(escalation.step));
}

void add_workload(Exposition& out, const WorkloadReport& report) {
  const Labels labels = {{"workload", report.workload.name}};
  add_lifecycle(out, labels, report);
  add_resources(out, labels, report.workload.resources);
  add_signals(out, labels, report.signals);
  add_caps(out, labels, report);
  add_logs(out, labels, report.logs);
  add_health(out, labels, report);
  add_policy(out, labels, report.policy);
}

void add_host(Exposition& out, const sample::Host& host) {
  out.add("leakguard_host_memory_total_bytes", {}, host.memory_total);
  out.add("leakguard_host_memory_available_bytes", {}, host.memory_available);
  out.add("leakguard_host_swap_total_bytes", {}, host.swap_total);
  out.add("leakguard_host_swap_free_bytes", {}, host.swap_free);
  out.add("leakguard_host_load1", {}, host.load1);
  out.add("leakguard_host_load5", {}, host.load5);
  out.add("leakguard_host_load15", {}, host.load15);
  if (host.cores) out.add("leakguard_host_cores", {}, static_cast<double>(*host.cores));
  add_pressure(out, "leakguard_host_pressure_stalled_seconds_total", {}, host.pressure);
  if (host.oom_kills) out.add("leakguard_host_oom_kills_total", {}, static_cast<double>(*host.oom_kills));
  for (const sample::Host::Disk& disk : host.disks) {
    out.add("leakguard_host_disk_size_bytes", {{"mount", disk.mount}}, Reading<base::Bytes>(disk.size));
    out.add("leakguard_host_disk_available_bytes", {{"mount", disk.mount}}, Reading<base::Bytes>(disk.available));
  }
}

void add_guard(Exposition& out, const Report& report) {
  std::set<std::string_view> workloads;
  for (const WorkloadReport& workload : report.workloads) workloads.insert(workload.workload.name);
  for (const auto& [key, count] : report.actions) {
    if (!workloads.contains(key.workload)) continue;  // a workload that is gone takes its series with it
    out.add("leakguard_actions_total",
            {{"workload", key.workload}, {"action", key.action}, {"rule", key.rule}, {"result", key.result}},
            static_cast<double>(count));
  }
  for (const auto& [action, histogram] : report.action_durations) {
    out.add("leakguard_action_duration_seconds", {{"action", action}}, histogram);
  }
  out.add("leakguard_breach_to_action_seconds", {}, report.breach_to_action);
  out.add("leakguard_journal_errors_total", {}, static_cast<double>(report.journal_errors));
  for (const sample::SourceReport& source : report.sources) {
    const Labels labels = {{"source", source.source}};
    out.add("leakguard_source_up", labels, source.up ? 1.0 : 0.0);
    out.add("leakguard_source_duration_seconds", labels, Reading<base::Duration>(source.took));
    out.add("leakguard_source_errors_total", labels, static_cast<double>(source.errors));
  }
  out.add("leakguard_ticks_total", {}, static_cast<double>(report.ticks));
  out.add("leakguard_ticks_late_total", {}, static_cast<double>(report.ticks_late));
  out.add("leakguard_config_last_reload_successful", {}, report.config_reload_ok ? 1.0 : 0.0);
  out.add("leakguard_config_last_reload_success_timestamp_seconds", {}, unix_seconds(report.config_reloaded_at));
}

void add_history(Exposition& out, const HistoryUsage& history) {
  out.add("leakguard_history_bytes", {}, history.bytes);
  out.add("leakguard_history_samples_dropped_total", {}, history.samples_dropped);
  out.add("leakguard_history_writes_total", {{"result", "done"}}, history.writes_done);
  out.add("leakguard_history_writes_total", {{"result", "failed"}}, history.writes_failed);
}

void add_self(Exposition& out, const SelfUsage& self) {
  out.add("process_cpu_seconds_total", {}, self.cpu_seconds);
  out.add("process_resident_memory_bytes", {}, self.resident_bytes);
  out.add("process_virtual_memory_bytes", {}, self.virtual_bytes);
  out.add("process_start_time_seconds", {}, self.start_time_seconds);
  out.add("process_open_fds", {}, self.open_fds);
  out.add("process_max_fds", {}, self.max_fds);
}

}  // namespace

std::string expose(const Report& report, const BuildInfo& build, const std::optional<SelfUsage>& self,
                   const std::optional<HistoryUsage>& history) {
  Exposition out;
  out.add("leakguard_build_info", {{"version", build.version}, {"revision", build.revision}}, 1.0);
  for (const WorkloadReport& workload : report.workloads) add_workload(out, workload);
  add_host(out, report.host);
  add_guard(out, report);
  if (history) add_history(out, *history);
  if (self) add_self(out, *self);
  return out.text();
}

}  // namespace guard::telemetry

#include "guard/workload_report.h"

#include <algorithm>
#include <iterator>
#include <optional>
#include <utility>

#include "guard/policy/caps.h"

namespace guard {
namespace {

const sample::LogWatch* find_watch(const sample::Snapshot& snapshot, const std::string& workload,
                                   const std::string& name) {
  const auto found = std::ranges::find_if(
      snapshot.logs, [&](const sample::LogWatch& watch) { return watch.workload == workload && watch.name == name; });
  return found == snapshot.logs.end() ? nullptr : &*found;
}

std::vector<telemetry::LogReport> log_reports(const sample::Snapshot& snapshot, const sample::Workload& workload,
                                              const signal::WorkloadSignals& signals, WorkloadState& state) {
  std::vector<telemetry::LogReport> reports;
  for (std::size_t i = 0; i < signals.logs.size() && i < state.settings.logs.size(); ++i) {
    const signal::LogSignal& log = signals.logs[i];
    const sample::LogWatch* watch = find_watch(snapshot, workload.name, log.name);
    if (watch == nullptr) continue;
    sample::Reading<bool>& last_known = state.overdue[log.name];
    if (log.overdue) last_known = log.overdue;
    reports.push_back({*watch, state.settings.logs[i].every, last_known, log.cleanups});
  }
  return reports;
}

std::optional<telemetry::CapsRefusal> refusal_of(const WorkloadState& state, base::SteadyTime now) {
  std::optional<telemetry::CapsRefusal> shown;
  for (const auto& [resources, refusal] : state.caps_refusals) {
    if (refusal.is_dry_run) continue;
    const base::Duration retry_in = std::max(refusal.retry_at - now, base::Duration(0));

    if (!shown) shown = telemetry::CapsRefusal{"", {}, retry_in};
    if (shown->why.find(refusal.why) == std::string::npos) shown->why += (shown->why.empty() ? "" : "; ") + refusal.why;
    shown->resources.insert(shown->resources.end(), resources.begin(), resources.end());
    shown->retry_in = std::min(shown->retry_in, retry_in);
  }
  return shown;
}

telemetry::PolicyReport policy_report(const WorkloadState& state, const sample::Host& host, base::SteadyTime now) {
  telemetry::PolicyReport report;
  for (const policy::Rule& rule : state.config.rules) {
    if (policy::is_pressure(rule.metric)) report.pressure_rules.push_back({rule.name, rule.metric});
    std::string why = host.cores ? policy::why_it_cannot_fire(*host.cores, rule, state.config.caps) : "";
    if (!why.empty()) report.impossible_rules.push_back({rule.name, std::move(why)});
    if (rule.escalation.empty()) continue;
    const auto found = state.rules.find(rule.name);
    const bool is_active =
        found != state.rules.end() && found->second.escalation.phase != policy::EscalationState::Phase::idle;
    report.escalations.push_back(
        {rule.name, is_active ? found->second.escalation.step + 1 : 0, rule.escalation.size()});
  }
  if (state.stop_latch)
    report.stop_latch = telemetry::PolicyReport::StopLatch{state.stop_latch->rule, state.stop_latch->latched_at};
  report.maintenance = state.maintenance;
  report.dependency_suppression = state.dependency_suppression;
  report.actions_counted = state.action_rate.count(state.config.actions, now);
  report.actions_max = state.config.actions.max;
  report.actions_within = state.config.actions.within;
  return report;
}

}  // namespace

telemetry::WorkloadReport report_of(const sample::Snapshot& snapshot, const sample::Workload& workload,
                                    const signal::WorkloadSignals& signals, base::SteadyTime now,
                                    WorkloadState& state) {
  telemetry::WorkloadReport report;
  report.workload = workload;
  report.signals = signals;
  report.caps = policy::find_drift(state.config.caps, workload.caps);
  report.caps_refusal = refusal_of(state, now);
  report.restarts_by_reason = state.restarts_by_reason;
  report.logs = log_reports(snapshot, workload, signals, state);
  std::ranges::copy_if(snapshot.probes, std::back_inserter(report.probes),
                       [&](const sample::Probe& probe) { return probe.workload == workload.name; });
  report.policy = policy_report(state, snapshot.host, now);
  return report;
}

}  // namespace guard

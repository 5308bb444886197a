#include "guard/workload_state_report.h"

#include <algorithm>
#include <utility>

namespace guard {
namespace {

bool have_equal_escalations(const policy::Rule& a, const policy::Rule& b) {
  return std::ranges::equal(a.escalation, b.escalation, [](const policy::Step& left, const policy::Step& right) {
    return std::ranges::equal(left.actions, right.actions,
                              [](const auto& one, const auto& other) { return one.index() == other.index(); });
  });
}

}  // namespace

void report_on(const WorkloadState& state, base::SteadyTime now, telemetry::WorkloadReport& workload) {
  for (const auto& [resources, refusal] : state.caps_refusals) {
    if (refusal.is_dry_run) continue;
    const base::Duration retry_in = std::max(refusal.retry_at - now, base::Duration(0));
    auto& shown = workload.caps_refusal;
    if (!shown) shown = telemetry::CapsRefusal{"", {}, retry_in};
    if (shown->why.find(refusal.why) == std::string::npos) shown->why += (shown->why.empty() ? "" : "; ") + refusal.why;
    shown->resources.insert(shown->resources.end(), resources.begin(), resources.end());
    shown->retry_in = std::min(shown->retry_in, retry_in);
  }
  telemetry::PolicyReport& report = workload.policy;
  for (const policy::Rule& rule : state.config.rules) {
    if (policy::is_pressure(rule.metric)) report.pressure_rules.push_back({rule.name, rule.metric});
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
}

void inherit_memory(WorkloadState& before, WorkloadState& state, base::SteadyTime now) {
  if (before.config.target != state.config.target) return;
  state.history = std::move(before.history);
  state.restarts_counted = before.restarts_counted;
  state.restarts_by_reason = std::move(before.restarts_by_reason);
  state.overdue = std::move(before.overdue);
  if (state.config.caps == before.config.caps) {
    state.caps_refusals = std::move(before.caps_refusals);
    state.caps_refused_run = std::move(before.caps_refused_run);
  }
  state.action_rate = std::move(before.action_rate);
  state.rate_limit_reported = before.rate_limit_reported;
  state.stop_latch = std::move(before.stop_latch);
  state.arbitration.settling = std::move(before.arbitration.settling);
  for (const policy::Rule& rule : state.config.rules) {
    const auto found = before.rules.find(rule.name);
    if (found == before.rules.end()) continue;
    policy::RuleState& next = state.rules[rule.name];
    next.last_fired = found->second.last_fired;
    const auto same = std::ranges::find(before.config.rules, rule.name, &policy::Rule::name);
    if (rule.escalation.empty() || same == before.config.rules.end() || !have_equal_escalations(rule, *same)) continue;
    next.escalation = std::move(found->second.escalation);
    // Nobody will say any more what became of a step that was under way: it is watched like one that was done.
    while (next.escalation.pending_actions > 0) policy::record_step(policy::StepOutcome::done, now, next.escalation);
  }
}

}  // namespace guard

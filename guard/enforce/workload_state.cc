#include "guard/enforce/workload_state.h"

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

void inherit_state(WorkloadState& before, WorkloadState& state, base::SteadyTime now) {
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
    // The outcome of a step in progress is lost with the reload: it is observed as if it was done.
    while (next.escalation.pending_actions > 0) policy::record_step(policy::StepOutcome::done, now, next.escalation);
  }
}

}  // namespace guard

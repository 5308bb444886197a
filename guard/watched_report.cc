#include "guard/watched_report.h"

#include <algorithm>
#include <utility>

namespace guard {
namespace {

bool have_equal_ladders(const policy::Rule& a, const policy::Rule& b) {
  return std::ranges::equal(a.ladder, b.ladder, [](const policy::Step& left, const policy::Step& right) {
    return std::ranges::equal(left.actions, right.actions,
                              [](const auto& one, const auto& other) { return one.index() == other.index(); });
  });
}

}  // namespace

void report_on(const Watched& watched, base::SteadyTime now, const sample::Host& host,
               telemetry::WorkloadReport& workload) {
  for (const auto& [resources, refusal] : watched.caps_refusals) {
    if (refusal.is_dry_run) continue;
    const base::Duration retry_in = std::max(refusal.retry_at - now, base::Duration(0));
    auto& shown = workload.caps_refusal;
    if (!shown) shown = telemetry::CapsRefusal{"", {}, retry_in};
    if (shown->why.find(refusal.why) == std::string::npos) shown->why += (shown->why.empty() ? "" : "; ") + refusal.why;
    shown->resources.insert(shown->resources.end(), resources.begin(), resources.end());
    shown->retry_in = std::min(shown->retry_in, retry_in);
  }
  telemetry::PolicyReport& report = workload.policy;
  for (const policy::Rule& rule : watched.config.rules) {
    if (policy::is_pressure(rule.metric)) report.pressure_rules.push_back({rule.name, rule.metric});
    std::string why = host.cores ? policy::why_it_cannot_fire(*host.cores, rule, watched.config.caps) : "";
    if (!why.empty()) report.impossible_rules.push_back({rule.name, std::move(why)});
    if (rule.ladder.empty()) continue;
    const auto state = watched.rules.find(rule.name);
    const bool is_active =
        state != watched.rules.end() && state->second.ladder.phase != policy::LadderState::Phase::idle;
    report.ladders.push_back({rule.name, is_active ? state->second.ladder.step + 1 : 0, rule.ladder.size()});
  }
  if (watched.breaker)
    report.breaker = telemetry::PolicyReport::Breaker{watched.breaker->rule, watched.breaker->opened_at};
  report.maintenance = watched.maintenance;
  report.held_back = watched.held_back;
  report.actions_spent = watched.budget.spent(watched.config.actions, now);
  report.actions_max = watched.config.actions.max;
  report.actions_within = watched.config.actions.within;
}

void inherit_memory(Watched& before, Watched& watched, base::SteadyTime now) {
  if (before.config.target != watched.config.target) return;
  watched.history = std::move(before.history);
  watched.restarts_counted = before.restarts_counted;
  watched.restarts_by_reason = std::move(before.restarts_by_reason);
  watched.overdue = std::move(before.overdue);
  if (watched.config.caps == before.config.caps) {
    watched.caps_refusals = std::move(before.caps_refusals);
    watched.caps_refused_run = std::move(before.caps_refused_run);
  }
  watched.budget = std::move(before.budget);
  watched.budget_was_told = before.budget_was_told;
  watched.breaker = std::move(before.breaker);
  watched.course.settling = std::move(before.course.settling);
  for (const policy::Rule& rule : watched.config.rules) {
    const auto state = before.rules.find(rule.name);
    if (state == before.rules.end()) continue;
    policy::RuleState& next = watched.rules[rule.name];
    next.last_fired = state->second.last_fired;
    const auto same = std::ranges::find(before.config.rules, rule.name, &policy::Rule::name);
    if (rule.ladder.empty() || same == before.config.rules.end() || !have_equal_ladders(rule, *same)) continue;
    next.ladder = std::move(state->second.ladder);
    // Nobody will say any more what became of a step that was under way: it is watched like one that was done.
    while (next.ladder.unanswered > 0) policy::note_step(policy::StepOutcome::done, now, next.ladder);
  }
}

}  // namespace guard

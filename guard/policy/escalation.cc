#include "guard/policy/escalation.h"

#include <algorithm>

#include "guard/policy/describe.h"

namespace guard::policy {

namespace {

using Phase = EscalationState::Phase;

void become_idle(std::size_t step, base::SteadyTime now, EscalationState& escalation) {
  std::string effect = std::move(escalation.effect);
  escalation = {};
  escalation.step = step;
  escalation.ended_at = now;
  escalation.effect = std::move(effect);
}

std::size_t step_after(const Rule& rule, std::size_t step) { return std::min(step + 1, rule.escalation.size() - 1); }

// Whether this is still the run that the step acted on, or the new run that its restart created.
bool is_own_run(const sample::Identity& identity, EscalationState& escalation) {
  if (identity.key.empty() || identity.key == escalation.identity) return true;
  const bool is_expected = escalation.identity.empty() || escalation.makes_new_run;
  escalation.makes_new_run = false;
  escalation.identity = identity.key;
  return is_expected;
}

// The problem that a boolean metric stands for, as text; "" for a measured quantity.
std::string_view problem_of(Metric metric) {
  switch (metric) {
    case Metric::unhealthy: return "unhealthy";
    case Metric::leaking: return "leaking";
    case Metric::restart_loop: return "in a restart loop";
    case Metric::log_overdue: return "without its log line";
    default: return {};
  }
}

// "memory fell to 412 MiB", "memory is still 640 MiB", "no longer unhealthy".
std::string describe_reading(const Condition& goal, bool is_met, const signal::WorkloadSignals& signals) {
  if (const auto problem = problem_of(goal.metric); !problem.empty())
    return (is_met ? "no longer " : "still ") + std::string(problem);
  std::string text(name_of(goal.metric));
  if (is_met)
    text += goal.comparison == Comparison::below ? " fell to " : " rose to ";
  else
    text += " is still ";
  const auto value = value_of(signals, goal.metric, goal.subject, false);
  if (value) return text + describe_value(goal.metric, false, *value);
  const auto share = value_of(signals, goal.metric, goal.subject, goal.trip.is_ratio);
  return text + (share ? describe_value(goal.metric, goal.trip.is_ratio, *share) : "unknown");
}

}  // namespace

std::size_t first_step(const Rule& rule, const EscalationState& escalation, base::SteadyTime now) {
  const bool goes_on = escalation.ended_at && now - *escalation.ended_at < rule.cooldown;
  return goes_on ? std::min(escalation.step, rule.escalation.size() - 1) : 0;
}

void start_step(const Rule& rule, std::size_t step, const std::string& identity, EscalationState& escalation) {
  std::string effect = std::move(escalation.effect);
  escalation = {};
  escalation.phase = Phase::acting;
  escalation.step = step;
  escalation.pending_actions = rule.escalation.at(step).actions.size();
  escalation.identity = identity;
  escalation.makes_new_run = strongest(rule.escalation.at(step).actions) == Strength::restart;
  escalation.effect = std::move(effect);
}

void record_step(StepOutcome outcome, base::SteadyTime now, EscalationState& escalation) {
  if (escalation.phase != Phase::acting || escalation.pending_actions == 0) return;
  escalation.has_acted |= outcome != StepOutcome::not_needed;
  escalation.has_failed |= outcome == StepOutcome::failed;
  escalation.is_carried_out |= outcome == StepOutcome::done || outcome == StepOutcome::failed;
  if (--escalation.pending_actions > 0) return;
  if (!escalation.has_acted) return become_idle(escalation.step, now, escalation);
  escalation.phase = Phase::observing;
  escalation.last_known = now;
}

void postpone(base::SteadyTime now, EscalationState& escalation) { become_idle(escalation.step, now, escalation); }

Condition unmet_goal(const Rule& rule, const Step& step) {
  if (step.until) return negated(*step.until);
  Condition unmet = rule;
  if (rule.clear) unmet.trip = *rule.clear;
  return unmet;
}

StepVerdict observe(const Rule& rule, const signal::WorkloadSignals& signals, base::SteadyTime now,
                    std::chrono::nanoseconds max_gap, EscalationState& escalation) {
  const Step& step = rule.escalation.at(escalation.step);
  if (!is_own_run(signals.identity, escalation)) {
    escalation.effect = "the workload was restarted meanwhile, and not by this step";
    become_idle(step_after(rule, escalation.step), now, escalation);
    return StepVerdict::waiting;
  }
  const Condition unmet = unmet_goal(rule, step);
  const auto value = value_of(signals, unmet.metric, unmet.subject, unmet.trip.is_ratio);
  if (!value) {
    escalation.was_unknown = true;
    return StepVerdict::waiting;
  }
  const auto gap = now - escalation.last_known;
  if (!escalation.was_unknown && gap <= max_gap) escalation.observed += gap;
  escalation.last_known = now;
  escalation.was_unknown = false;

  const Condition goal = step.until ? *step.until : negated(unmet);
  // Without a clear threshold a rule is clear as soon as it no longer trips.
  const bool is_met = step.until || rule.clear ? is_beyond(*value, goal.comparison, goal.trip.value)
                                               : !is_beyond(*value, unmet.comparison, unmet.trip.value);
  const bool is_last = escalation.step + 1 == rule.escalation.size();
  const auto time_limit =
      is_last ? std::max(rule.cooldown, step.within.value_or(rule.cooldown)) : step.within.value_or(rule.cooldown);
  if (!is_met && escalation.observed < time_limit && (!escalation.has_failed || is_last)) return StepVerdict::waiting;

  escalation.effect = describe_reading(goal, is_met, signals) + " after " + base::format_duration(escalation.observed);
  const std::size_t next = step_after(rule, escalation.step);
  if (is_met) {
    become_idle(next, now, escalation);
    return StepVerdict::helped;
  }
  escalation.step = next;
  return StepVerdict::next_step;
}

}  // namespace guard::policy

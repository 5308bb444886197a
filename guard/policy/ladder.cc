#include "guard/policy/ladder.h"

#include <algorithm>

#include "guard/policy/wording.h"

namespace guard::policy {

namespace {

using Phase = LadderState::Phase;

void rest(std::size_t step, base::SteadyTime now, LadderState& ladder) {
  std::string effect = std::move(ladder.effect);
  ladder = {};
  ladder.step = step;
  ladder.ended_at = now;
  ladder.effect = std::move(effect);
}

std::size_t step_after(const Rule& rule, std::size_t step) { return std::min(step + 1, rule.ladder.size() - 1); }

// Is this still the run whose memory the step was to change?
bool is_own_run(const sample::Identity& identity, LadderState& ladder) {
  if (identity.key.empty() || identity.key == ladder.identity) return true;
  const bool is_expected = ladder.identity.empty() || ladder.makes_new_run;
  ladder.makes_new_run = false;
  ladder.identity = identity.key;
  return is_expected;
}

// What a condition that is true or false finds of the workload; "" for a measure.
std::string_view trouble_of(Metric metric) {
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
  if (const auto trouble = trouble_of(goal.metric); !trouble.empty())
    return (is_met ? "no longer " : "still ") + std::string(trouble);
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

std::size_t first_step(const Rule& rule, const LadderState& ladder, base::SteadyTime now) {
  const bool goes_on = ladder.ended_at && now - *ladder.ended_at < rule.cooldown;
  return goes_on ? std::min(ladder.step, rule.ladder.size() - 1) : 0;
}

void begin_step(const Rule& rule, std::size_t step, const std::string& identity, LadderState& ladder) {
  std::string effect = std::move(ladder.effect);
  ladder = {};
  ladder.phase = Phase::acting;
  ladder.step = step;
  ladder.unanswered = rule.ladder.at(step).actions.size();
  ladder.identity = identity;
  ladder.makes_new_run = strongest(rule.ladder.at(step).actions) == Strength::restart;
  ladder.effect = std::move(effect);
}

void note_step(StepOutcome outcome, base::SteadyTime now, LadderState& ladder) {
  if (ladder.phase != Phase::acting || ladder.unanswered == 0) return;
  ladder.has_acted |= outcome != StepOutcome::not_needed;
  ladder.has_failed |= outcome == StepOutcome::failed;
  ladder.is_carried_out |= outcome == StepOutcome::done || outcome == StepOutcome::failed;
  if (--ladder.unanswered > 0) return;
  if (!ladder.has_acted) return rest(ladder.step, now, ladder);
  ladder.phase = Phase::watching;
  ladder.last_known = now;
}

void put_off(base::SteadyTime now, LadderState& ladder) { rest(ladder.step, now, ladder); }

Condition lack_of(const Rule& rule, const Step& step) {
  if (step.until) return negated(*step.until);
  Condition lack = rule;
  if (rule.clear) lack.trip = *rule.clear;
  return lack;
}

Verdict watch(const Rule& rule, const signal::WorkloadSignals& signals, base::SteadyTime now,
              std::chrono::nanoseconds max_gap, LadderState& ladder) {
  const Step& step = rule.ladder.at(ladder.step);
  if (!is_own_run(signals.identity, ladder)) {
    ladder.effect = "it is another run by now, which the step did not bring about";
    rest(step_after(rule, ladder.step), now, ladder);
    return Verdict::waiting;
  }
  const Condition lack = lack_of(rule, step);
  const auto value = value_of(signals, lack.metric, lack.subject, lack.trip.is_ratio);
  if (!value) {
    ladder.was_unknown = true;
    return Verdict::waiting;
  }
  const auto gap = now - ladder.last_known;
  if (!ladder.was_unknown && gap <= max_gap) ladder.watched += gap;
  ladder.last_known = now;
  ladder.was_unknown = false;

  const Condition goal = step.until ? *step.until : negated(lack);
  // Without a `clear` of its own a rule is clear as soon as it no longer trips; with one, beyond it.
  const bool is_met = step.until || rule.clear ? is_beyond(*value, goal.comparison, goal.trip.value)
                                               : !is_beyond(*value, lack.comparison, lack.trip.value);
  const bool is_last = ladder.step + 1 == rule.ladder.size();
  const auto patience =
      is_last ? std::max(rule.cooldown, step.within.value_or(rule.cooldown)) : step.within.value_or(rule.cooldown);
  if (!is_met && ladder.watched < patience && (!ladder.has_failed || is_last)) return Verdict::waiting;

  ladder.effect = describe_reading(goal, is_met, signals) + " after " + base::format_duration(ladder.watched);
  const std::size_t next = step_after(rule, ladder.step);
  if (is_met) {
    rest(next, now, ladder);
    return Verdict::helped;
  }
  ladder.step = next;
  return Verdict::next_step;
}

}  // namespace guard::policy

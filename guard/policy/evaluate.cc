#include <utility>

#include "guard/policy/decision.h"
#include "guard/policy/describe.h"

namespace guard::policy {

namespace {

using Phase = RuleState::Phase;

// How one rule's condition stands in one tick.
struct Standing {
  bool known = false;
  bool tripping = false;  // beyond `trip`
  bool cleared = false;   // beyond `clear` on the other side; without `clear`, no longer tripping
};

Standing judge(const Rule& rule, const signal::WorkloadSignals& signals) {
  Standing standing;
  const auto value = value_of(signals, rule.metric, rule.subject, rule.trip.is_ratio);
  if (!value) return standing;
  standing.known = true;
  standing.tripping = is_beyond(*value, rule.comparison, rule.trip.value);
  standing.cleared = !standing.tripping;
  if (!rule.clear) return standing;
  const auto clear_value = value_of(signals, rule.metric, rule.subject, rule.clear->is_ratio);
  standing.known = clear_value.has_value();
  standing.cleared = clear_value && is_beyond(*clear_value, opposite(rule.comparison), rule.clear->value);
  return standing;
}

void begin(RuleState& state, Phase phase, base::SteadyTime now) {
  state.phase = phase;
  state.since = now;
  state.unknown_for = std::chrono::nanoseconds::zero();
}

// Moves the phase on by one tick whose reading is known.
void step(const Rule& rule, const Standing& standing, base::SteadyTime now, std::chrono::nanoseconds max_gap,
          RuleState& state) {
  if (state.phase != Phase::clear) {
    const auto gap = now - state.last_known;
    if (gap > max_gap)
      begin(state, Phase::clear, now);
    else if (state.was_unknown)
      state.unknown_for += gap;
  }
  state.last_known = now;
  state.was_unknown = false;

  const bool over = state.phase == Phase::tripped ? standing.cleared : !standing.tripping;
  if (over) {
    if (state.phase != Phase::clear) begin(state, Phase::clear, now);
    state.suppressed.reset();
    return;
  }
  if (state.phase == Phase::clear) begin(state, Phase::pending, now);
  if (now - state.since - state.unknown_for >= rule.held_for) state.phase = Phase::tripped;
}

// What a firing rests on, and why it fires.
struct Grounds {
  Condition condition;
  std::chrono::nanoseconds held{0};
  base::SteadyTime since;
  std::string remark;  // "; step 2 of 4"
};

Grounds grounds_of(const Rule& rule, const signal::WorkloadSignals& signals, base::SteadyTime now,
                   const RuleState& state) {
  Grounds grounds{rule, now - state.since - state.unknown_for, state.since, {}};
  const auto tripping = is_true(rule, signals);
  if (!(tripping && *tripping)) grounds.condition.trip = rule.clear.value_or(rule.trip);
  return grounds;
}

Decision decide(const Rule& rule, const signal::WorkloadSignals& signals, const Grounds& grounds,
                const ActionSpec& action) {
  Decision decision;
  static_cast<Condition&>(decision) = grounds.condition;
  decision.workload = signals.workload;
  decision.identity = signals.identity;
  decision.rule = rule.name;
  decision.action = action;
  decision.breached_at = grounds.since;
  Rule shown = rule;
  static_cast<Condition&>(shown) = grounds.condition;
  decision.reason = describe_breach(signals, shown, shown.trip, grounds.held) + grounds.remark;
  decision.evidence = describe_evidence(signals, grounds.condition.metric, grounds.condition.subject);
  return decision;
}

void fire(const Rule& rule, const signal::WorkloadSignals& signals, base::SteadyTime now, RuleState& state,
          std::vector<Decision>& decisions) {
  state.last_fired = now;
  const auto grounds = grounds_of(rule, signals, now, state);
  for (const auto& action : rule.actions) {
    decisions.push_back(decide(rule, signals, grounds, action));
    decisions.back().precedence = strongest(rule.actions);
  }
}

void fire_step(const Rule& rule, std::size_t step, const signal::WorkloadSignals& signals, Grounds grounds,
               RuleState& state, std::vector<Decision>& decisions) {
  grounds.remark =
      "; step " + std::to_string(step + 1) + " of " + std::to_string(rule.escalation.size()) + grounds.remark;
  const auto& actions = rule.escalation.at(step).actions;
  for (const auto& action : actions) {
    auto& decision = decisions.emplace_back(decide(rule, signals, grounds, action));
    decision.precedence = strongest(actions);
    decision.step = step + 1;
    decision.steps = rule.escalation.size();
  }
  start_step(rule, step, signals.identity.key, state.escalation);
}

// One tick of a rule with an escalation, whose phase has been moved on.
void escalate(const Rule& rule, const signal::WorkloadSignals& signals, base::SteadyTime now,
              std::chrono::nanoseconds max_gap, RuleState& state, std::vector<Decision>& decisions) {
  EscalationState& escalation = state.escalation;
  if (escalation.phase == EscalationState::Phase::observing) {
    const Step& before = rule.escalation.at(escalation.step);
    const auto verdict = observe(rule, signals, now, max_gap, escalation);
    if (verdict == StepVerdict::helped) begin(state, Phase::clear, now);
    if (verdict != StepVerdict::next_step) return;
    fire_step(rule, escalation.step, signals, {unmet_goal(rule, before), {}, now, ": " + escalation.effect}, state,
              decisions);
  } else if (escalation.phase == EscalationState::Phase::idle && state.phase == Phase::tripped && !state.was_unknown) {
    const std::size_t step = first_step(rule, escalation, now);
    auto grounds = grounds_of(rule, signals, now, state);
    if (step > 0) grounds.remark = ": what was done before did not last " + base::format_duration(rule.cooldown);
    fire_step(rule, step, signals, std::move(grounds), state, decisions);
  }
}

// A new run of the workload resets the condition.
void note_identity(const std::string& identity, base::SteadyTime now, RuleState& state) {
  if (identity.empty() || identity == state.identity) return;
  if (!state.identity.empty()) begin(state, Phase::clear, now);
  state.identity = identity;
}

}  // namespace

std::vector<Decision> evaluate(const std::vector<Rule>& rules, const signal::WorkloadSignals& signals,
                               base::SteadyTime now, std::chrono::nanoseconds max_gap, RuleStates& states) {
  std::vector<Decision> decisions;
  for (const auto& rule : rules) {
    auto& state = states[rule.name];
    note_identity(signals.identity.key, now, state);
    const auto standing = judge(rule, signals);
    if (standing.known)
      step(rule, standing, now, max_gap, state);
    else
      state.was_unknown = true;
    if (!rule.escalation.empty()) {
      escalate(rule, signals, now, max_gap, state, decisions);
      continue;
    }
    if (!standing.known || state.phase != Phase::tripped) continue;
    if (state.last_fired && now - *state.last_fired < rule.cooldown) continue;
    fire(rule, signals, now, state, decisions);
  }
  return decisions;
}

void forget_firing(const Decision& decision, base::SteadyTime now, RuleStates& states) {
  const auto found = states.find(decision.rule);
  if (found == states.end()) return;
  // An earlier firing needs no remembering: its cool-down was over, or the rule would not have fired again.
  found->second.last_fired.reset();
  if (decision.step > 0) postpone(now, found->second.escalation);
}

bool still_holds(const Decision& decision, const signal::WorkloadSignals& fresh) {
  if (decision.identity.key.empty() || decision.identity.key != fresh.identity.key) return false;
  if (fresh.state == sample::State::paused) return false;
  if (!decision.has_condition || decision.metric == Metric::oom_kills) return true;
  const auto holds = is_true(decision, fresh);
  return holds && *holds;
}

}  // namespace guard::policy

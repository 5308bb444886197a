#include "guard/policy/decision.h"
#include "guard/policy/wording.h"

namespace guard::policy {

namespace {

using Phase = RuleState::Phase;

Comparison opposite(Comparison comparison) {
  return comparison == Comparison::above ? Comparison::below : Comparison::above;
}

// How one rule's condition stands in one tick.
struct Condition {
  bool known = false;
  bool tripping = false;  // beyond `trip`
  bool cleared = false;   // beyond `clear` on the other side; without `clear`, no longer tripping
};

Condition judge(const Rule& rule, const signal::WorkloadSignals& signals) {
  Condition condition;
  const auto value = value_of(signals, rule.metric, rule.subject, rule.trip.is_ratio);
  if (!value) return condition;
  condition.known = true;
  condition.tripping = is_beyond(*value, rule.comparison, rule.trip.value);
  condition.cleared = !condition.tripping;
  if (!rule.clear) return condition;
  const auto clear_value = value_of(signals, rule.metric, rule.subject, rule.clear->is_ratio);
  condition.known = clear_value.has_value();
  condition.cleared = clear_value && is_beyond(*clear_value, opposite(rule.comparison), rule.clear->value);
  return condition;
}

void begin(RuleState& state, Phase phase, base::SteadyTime now) {
  state.phase = phase;
  state.since = now;
  state.unknown_for = std::chrono::nanoseconds::zero();
}

// Moves the phase on by one tick whose reading is known.
void step(const Rule& rule, const Condition& condition, base::SteadyTime now, std::chrono::nanoseconds max_gap,
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

  const bool over = state.phase == Phase::tripped ? condition.cleared : !condition.tripping;
  if (over) {
    if (state.phase != Phase::clear) begin(state, Phase::clear, now);
    return;
  }
  if (state.phase == Phase::clear) begin(state, Phase::pending, now);
  if (now - state.since - state.unknown_for >= rule.held_for) state.phase = Phase::tripped;
}

void decide(const Rule& rule, const signal::WorkloadSignals& signals, base::SteadyTime now, const RuleState& state,
            std::vector<Decision>& decisions) {
  const auto value = value_of(signals, rule.metric, rule.subject, rule.trip.is_ratio);
  const bool tripping = value && is_beyond(*value, rule.comparison, rule.trip.value);
  for (const auto& action : rule.actions) {
    Decision decision;
    decision.workload = signals.workload;
    decision.identity = signals.identity;
    decision.rule = rule.name;
    decision.action = action;
    decision.metric = rule.metric;
    decision.subject = rule.subject;
    decision.comparison = rule.comparison;
    decision.trip = tripping ? rule.trip : rule.clear.value_or(rule.trip);
    decision.breached_at = state.since;
    decision.reason = describe_breach(signals, rule, decision.trip, now - state.since - state.unknown_for);
    decision.evidence = describe_evidence(signals, rule.metric, rule.subject);
    decisions.push_back(std::move(decision));
  }
}

}  // namespace

std::vector<Decision> evaluate(const std::vector<Rule>& rules, const signal::WorkloadSignals& signals,
                               base::SteadyTime now, std::chrono::nanoseconds max_gap, RuleStates& states) {
  std::vector<Decision> decisions;
  for (const auto& rule : rules) {
    auto& state = states[rule.name];
    const auto& identity = signals.identity.key;
    if (!identity.empty() && identity != state.identity) {
      if (!state.identity.empty()) begin(state, Phase::clear, now);
      state.identity = identity;
    }
    const auto condition = judge(rule, signals);
    if (!condition.known) {
      state.was_unknown = true;
      continue;
    }
    step(rule, condition, now, max_gap, state);
    if (state.phase != Phase::tripped) continue;
    if (state.last_fired && now - *state.last_fired < rule.cooldown) continue;
    state.last_fired = now;
    decide(rule, signals, now, state, decisions);
  }
  return decisions;
}

void forget_firing(const Decision& decision, RuleStates& states) {
  // An earlier firing needs no remembering: its cool-down was over, or the rule would not have fired again.
  if (const auto found = states.find(decision.rule); found != states.end()) found->second.last_fired.reset();
}

bool still_holds(const Decision& decision, const signal::WorkloadSignals& fresh) {
  if (decision.identity.key.empty() || decision.identity.key != fresh.identity.key) return false;
  if (std::holds_alternative<ApplyCaps>(decision.action) || decision.metric == Metric::oom_kills) return true;
  const auto value = value_of(fresh, decision.metric, decision.subject, decision.trip.is_ratio);
  return value && is_beyond(*value, decision.comparison, decision.trip.value);
}

}  // namespace guard::policy

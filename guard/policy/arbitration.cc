#include "guard/policy/arbitration.h"

#include <algorithm>
#include <functional>
#include <limits>
#include <utility>

namespace guard::policy {
namespace {

// Whether an escalation under observation blocks other rules. Not when its step was superseded, since two such
// escalations would block each other for ever, nor while its readings are unknown, which may last.
bool blocks_others(const EscalationState& escalation, base::SteadyTime now) {
  if (escalation.phase != EscalationState::Phase::observing || !escalation.is_carried_out) return false;
  return !escalation.was_unknown || now - escalation.last_known < Arbitration::kSettling;
}

}  // namespace

std::optional<std::string> reason_to_yield(const Decision& decision, const Arbitration& arbitration,
                                           const std::vector<Rule>& rules, const RuleStates& states,
                                           base::SteadyTime now) {
  const auto yields_to = [&](const ActingRule& other) {
    return other.rule != decision.rule && other.strength >= decision.precedence;
  };
  if (arbitration.acting && yields_to(*arbitration.acting))
    return "rule " + arbitration.acting->rule + " is acting on it";
  for (const auto& waiting : arbitration.waiting) {
    if (yields_to({waiting.rule, waiting.precedence})) return "rule " + waiting.rule + " is about to act on it";
  }
  for (const auto& [rule, settling] : arbitration.settling) {
    if (now - settling.since < Arbitration::kSettling && yields_to({rule, settling.strength}))
      return "rule " + rule + " acted on it " + base::format_duration(now - settling.since) + " ago";
  }
  for (const auto& rule : rules) {
    const auto state = states.find(rule.name);
    if (state == states.end() || !blocks_others(state->second.escalation, now)) continue;
    const auto& step = rule.escalation.at(std::min(state->second.escalation.step, rule.escalation.size() - 1));
    if (yields_to({rule.name, strongest(step.actions)}))
      return "rule " + rule.name + " acted on it and waits to see whether that helps";
  }
  return std::nullopt;
}

std::vector<Decision> take_superseded(const Decision& decision, Arbitration& arbitration) {
  std::vector<Decision> weaker;
  std::deque<Decision> kept;
  for (auto& other : arbitration.waiting) {
    if (other.rule != decision.rule && other.precedence < decision.precedence)
      weaker.push_back(std::move(other));
    else
      kept.push_back(std::move(other));
  }
  arbitration.waiting = std::move(kept);
  return weaker;
}

void record_done(const ActingRule& acting, base::SteadyTime now, Arbitration& arbitration) {
  Arbitration::Settling& settling = arbitration.settling[acting.rule];
  if (settling.strength > acting.strength && now - settling.since < Arbitration::kSettling) return;
  settling = {acting.strength, now};
}

void sort_by_precedence(std::vector<Decision>& decisions) {
  const auto rank = [](const Decision& decision) {
    return decision.precedence == Strength::none ? std::numeric_limits<int>::max()
                                                 : static_cast<int>(decision.precedence);
  };
  std::ranges::stable_sort(decisions, std::greater<>(), rank);
}

}  // namespace guard::policy

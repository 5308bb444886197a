#include "guard/policy/course.h"

#include <algorithm>
#include <functional>
#include <limits>
#include <utility>

namespace guard::policy {
namespace {

// A ladder whose step gave way to another rule has nothing to wait for itself: two of them would keep each other from
// acting for ever. Nor has one that cannot see whether it helps: its doubt may last.
bool is_in_the_way(const LadderState& ladder, base::SteadyTime now) {
  if (ladder.phase != LadderState::Phase::watching || !ladder.is_carried_out) return false;
  return !ladder.was_unknown || now - ladder.last_known < Course::kSettling;
}

}  // namespace

std::optional<std::string> find_rival(const Decision& decision, const Course& course, const std::vector<Rule>& rules,
                                      const RuleStates& states, base::SteadyTime now) {
  const auto yields_to = [&](const Claim& other) {
    return other.rule != decision.rule && other.strength >= decision.claim;
  };
  if (course.acting && yields_to(*course.acting)) return "rule " + course.acting->rule + " is acting on it";
  for (const auto& waiting : course.waiting) {
    if (yields_to({waiting.rule, waiting.claim})) return "rule " + waiting.rule + " is about to act on it";
  }
  for (const auto& [rule, settling] : course.settling) {
    if (now - settling.since < Course::kSettling && yields_to({rule, settling.strength}))
      return "rule " + rule + " acted on it " + base::format_duration(now - settling.since) + " ago";
  }
  for (const auto& rule : rules) {
    const auto state = states.find(rule.name);
    if (state == states.end() || !is_in_the_way(state->second.ladder, now)) continue;
    const auto& step = rule.ladder.at(std::min(state->second.ladder.step, rule.ladder.size() - 1));
    if (yields_to({rule.name, strongest(step.actions)}))
      return "rule " + rule.name + " acted on it and waits to see whether that helps";
  }
  return std::nullopt;
}

std::vector<Decision> take_weaker(const Decision& decision, Course& course) {
  std::vector<Decision> weaker;
  std::deque<Decision> kept;
  for (auto& other : course.waiting) {
    if (other.rule != decision.rule && other.claim < decision.claim)
      weaker.push_back(std::move(other));
    else
      kept.push_back(std::move(other));
  }
  course.waiting = std::move(kept);
  return weaker;
}

void note_done(const Claim& claim, base::SteadyTime now, Course& course) {
  Course::Settling& settling = course.settling[claim.rule];
  if (settling.strength > claim.strength && now - settling.since < Course::kSettling) return;
  settling = {claim.strength, now};
}

void put_strongest_first(std::vector<Decision>& decisions) {
  const auto rank = [](const Decision& decision) {
    return decision.claim == Strength::none ? std::numeric_limits<int>::max() : static_cast<int>(decision.claim);
  };
  std::ranges::stable_sort(decisions, std::greater<>(), rank);
}

}  // namespace guard::policy

// `escalate`: the steps of a rule, and what could never make sense in their order.

#include <algorithm>

#include "guard/config/sections.h"

namespace guard::config {

namespace {

using policy::Strength;

constexpr std::size_t kMostSteps = 8;

// `until` is about what the rule is about: does it say something that the rule's trip does not say already?
void check_goal(const Reader& step, const policy::Rule& rule, const policy::Condition& goal) {
  if (goal.metric != rule.metric || goal.subject != rule.subject || goal.trip.is_ratio != rule.trip.is_ratio) return;
  const bool trips_above = rule.comparison == policy::Comparison::above;
  if (goal.comparison == rule.comparison)
    step.problem("until", trips_above ? "on the rule's own side: write <" : "on the rule's own side: write >");
  else if (trips_above ? goal.trip.value > rule.trip.value : goal.trip.value < rule.trip.value)
    step.problem("until", "is true already when the rule trips, so the step would always have helped");
}

void read_step(const Reader& step, const RuleScope& scope, bool is_last, policy::Rule& rule) {
  policy::Step& read = rule.escalation.emplace_back();
  read_actions(step, scope.workload.target.kind, read.actions);
  if (step.has("until")) {
    policy::Condition goal = policy::negated(rule);
    const std::size_t problems = step.context().problems.size();
    read_goal(step.map("until"), scope, goal);
    if (step.context().problems.size() == problems) check_goal(step, rule, goal);
    read.until = goal;
  }
  base::Duration within{0};
  if (step.read("within", within)) {
    read.within = within;
  } else if (!is_last && !step.has("within")) {
    step.problem("", "how long is this step given to help before the next one? write for example within: 2m");
  }
}

}  // namespace

void read_escalation(const Reader& rule_section, const RuleScope& scope, policy::Rule& rule) {
  const auto& items = rule_section.list("escalate");
  if (items.empty() && rule_section.find("escalate")->kind != YamlNode::Kind::scalar)
    rule_section.problem("escalate", "an escalation without a step; write for example escalate: [{do: [notify]}]");
  if (items.size() > kMostSteps) rule_section.problem("escalate", "at most 8 steps an escalation");
  Strength before = Strength::none;
  for (std::size_t i = 0; i < std::min(items.size(), kMostSteps); ++i) {
    const Reader step(&items[i], rule_section.path_of("escalate") + "[" + std::to_string(i) + "]",
                      rule_section.context());
    if (before == Strength::stop) {
      step.problem("", "no step can follow stop: the workload stays stopped until it is started manually");
      return;
    }
    read_step(step, scope, i + 1 == items.size(), rule);
    if (rule.escalation.back().within)
      check_range(step, "within", *rule.escalation.back().within, scope.sample_interval, kLongestDuration);
    const Strength strength = policy::strongest(rule.escalation.back().actions);
    if (strength < before && !rule.escalation.back().actions.empty())
      step.problem("do",
                   "is weaker than the step before; steps go from notify over shed, reclaim, signal and restart "
                   "to stop");
    before = std::max(before, strength);
  }
}

namespace {

Strength first_strength(const policy::Rule& rule) {
  return policy::strongest(rule.escalation.empty() ? rule.actions : rule.escalation.front().actions);
}

// Whenever `late` trips, `early` has tripped, and not later.
bool is_always_first(const policy::Rule& early, const policy::Rule& late) {
  if (early.metric != late.metric || early.subject != late.subject || early.comparison != late.comparison ||
      early.trip.is_ratio != late.trip.is_ratio || early.held_for > late.held_for)
    return false;
  return early.comparison == policy::Comparison::above ? early.trip.value <= late.trip.value
                                                       : early.trip.value >= late.trip.value;
}

}  // namespace

void check_order(const std::vector<Reader>& places, const std::vector<policy::Rule>& rules) {
  for (std::size_t late = 0; late < rules.size(); ++late) {
    const Strength gentle = first_strength(rules[late]);
    if (gentle == Strength::none || !places[late].has("when")) continue;
    for (std::size_t early = 0; early < rules.size(); ++early) {
      if (early == late || first_strength(rules[early]) <= gentle || !places[early].has("when") ||
          !is_always_first(rules[early], rules[late]))
        continue;
      places[late].problem("when", "its gentler action never comes first: rule " + rules[early].name +
                                       " trips no later and does more; put both into one escalation (escalate)");
      break;
    }
  }
}

}  // namespace guard::config

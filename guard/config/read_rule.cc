#include <algorithm>
#include <array>

#include "guard/config/sections.h"

namespace guard::config {

namespace {

constexpr std::size_t kMostActions = 8;

// Why this action is impossible on such a workload; "" when it is possible.
std::string find_obstacle(const policy::ActionSpec& action, sample::TargetKind kind) {
  using sample::TargetKind;
  const bool has_known_process = kind != TargetKind::systemd_unit && kind != TargetKind::cgroup;
  const bool signals = std::holds_alternative<policy::Stop>(action) || std::holds_alternative<policy::Signal>(action);
  const bool can_start = has_known_process && kind != TargetKind::pid_file;
  if (std::holds_alternative<policy::Restart>(action) && !can_start)
    return "only containers and commands can be restarted in this version";
  if (signals && !has_known_process)
    return "only containers, commands and processes with a pid_file can be signalled in this version";
  if (std::holds_alternative<policy::Reclaim>(action) && kind == TargetKind::pid_file)
    return "memory is reclaimed from a cgroup, which a pid_file does not name";
  return {};
}

std::optional<policy::ActionSpec> read_shed(const Reader& details) {
  policy::Shed shed;
  if (!details.has("url"))
    details.problem("url", "where does the workload take it? write for example url: http://127.0.0.1:8080/admin/shed");
  else if (details.read("url", shed.url))
    check_url(details, "url", shed.url);
  if (details.read("target", shed.target) && !(shed.target.value > 0 && shed.target.value < 1))
    details.problem("target", "out of bounds: more than 0% and less than 100%");
  if (details.read("token_file", shed.token_file)) check_path(details, "token_file", shed.token_file);
  return shed;
}

std::optional<policy::ActionSpec> read_reclaim(const Reader& details) {
  policy::Reclaim reclaim;
  if (!details.has("amount"))
    details.problem("amount", "how much? write for example amount: 64m");
  else if (details.read("amount", reclaim.amount) && reclaim.amount.count <= 0)
    details.problem("amount", "must be more than 0");
  return reclaim;
}

template <class Action>
std::optional<policy::ActionSpec> read_drain(const Reader& details) {
  Action action;
  if (details.read("drain", action.drain))
    check_range(details, "drain", action.drain, base::Duration::zero(), std::chrono::hours(1));
  return action;
}

std::optional<policy::ActionSpec> read_kill(const Reader& details) {
  policy::Signal kill;
  if (!details.has("name")) details.problem("name", "which one? write for example name: USR1");
  read_signal(details, "name", kill.number);
  return kill;
}

using ActionReader = std::optional<policy::ActionSpec> (*)(const Reader&);
constexpr std::array<std::pair<std::string_view, ActionReader>, 6> kActions = {{
    {"notify", [](const Reader&) -> std::optional<policy::ActionSpec> { return policy::Notify{}; }},
    {"shed", read_shed},
    {"reclaim", read_reclaim},
    {"restart", read_drain<policy::Restart>},
    {"stop", read_drain<policy::Stop>},
    {"signal", read_kill},
}};

// "- notify" is short for "- {notify: {}}", and so for the others that can do without details.
std::optional<policy::ActionSpec> read_short_action(const YamlNode& node, const std::string& path,
                                                    ReadContext& context) {
  const auto name = read_scalar(node, path, "an action such as notify", context);
  if (!name) return std::nullopt;
  for (const auto& [key, read] : kActions) {
    if (name->text != key) continue;
    YamlNode empty;
    empty.at = node.at;
    return read(Reader(&empty, path + "." + std::string(key), context));
  }
  context.add_problem(node.at, path, "not an action; expected one of: notify, shed, reclaim, restart, stop, signal");
  return std::nullopt;
}

std::optional<policy::ActionSpec> read_action(const YamlNode& node, const std::string& path, ReadContext& context) {
  if (node.kind == YamlNode::Kind::scalar) return read_short_action(node, path, context);
  const Reader item(&node, path, context);
  if (node.kind != YamlNode::Kind::map) return std::nullopt;
  if (item.entries().size() != 1) {
    item.problem("", "one action a list item, such as - {restart: {drain: 30s}}");
    return std::nullopt;
  }
  for (const auto& [key, read] : kActions) {
    if (item.has(key)) return read(item.map(key));
  }
  return std::nullopt;
}

}  // namespace

void read_actions(const Reader& rule_section, sample::TargetKind kind, std::vector<policy::ActionSpec>& actions) {
  const auto& items = rule_section.list("do");
  if (items.empty() && (!rule_section.has("do") || rule_section.find("do")->kind != YamlNode::Kind::scalar))
    rule_section.problem("do", "a rule without an action; write for example do: [notify]");
  if (items.size() > kMostActions) rule_section.problem("do", "at most 8 actions a rule");
  for (std::size_t i = 0; i < std::min(items.size(), kMostActions); ++i) {
    const auto path = rule_section.path_of("do") + "[" + std::to_string(i) + "]";
    auto action = read_action(items[i], path, rule_section.context());
    if (!action) continue;
    if (auto obstacle = find_obstacle(*action, kind); !obstacle.empty())
      rule_section.context().add_problem(items[i].at, path, std::move(obstacle));
    actions.push_back(std::move(*action));
  }
}

void read_rule(const Reader& section, const RuleScope& scope, policy::Rule& rule) {
  if (section.has("when"))
    read_condition(section.map("when"), scope, rule);
  else
    section.problem("when", "a rule without a condition; write for example when: {memory: '> 85%', for: 30s}");
  if (!section.has("escalate"))
    read_actions(section, scope.workload.target.kind, rule.actions);
  else if (section.has("do"))
    section.problem("escalate", "either `do` or `escalate`: put what is to be done first into the first step");
  else
    read_escalation(section, scope, rule);
  if (!section.read("cooldown", rule.cooldown)) return;
  if (rule.cooldown < scope.sample_interval)
    section.problem("cooldown",
                    "must not be shorter than agent.sample_interval, " + base::format_duration(scope.sample_interval));
  else
    check_range(section, "cooldown", rule.cooldown, scope.sample_interval, kLongestDuration);
}

// `escalate`: the steps of a rule, and what could never make sense in their order.

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

#pragma once
// Action arbitration: at most one rule acts on a workload at a time. Several rules often see the same problem and fire
// together. The stronger action takes precedence: a decision is superseded when another rule is carrying out, has
// queued or has just completed an action that is at least as strong. A rule never supersedes itself; its own cool-down
// limits how often it acts.

#include <chrono>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "guard/policy/decision.h"

namespace guard::policy {

// A rule that acts on a workload, and the strongest action of that firing.
struct ActingRule {
  std::string rule;
  Strength strength = Strength::none;
};

// The arbitration state of one workload.
struct Arbitration {
  // Time for an action to show its effect; until then no other rule repeats it.
  static constexpr std::chrono::nanoseconds kSettling = std::chrono::minutes(1);

  std::optional<ActingRule> acting;  // the action in progress: one at a time
  std::deque<Decision> waiting;      // queued after it; bounded by the rules' actions
  // By rule: its strongest action within the last kSettling, and when that was done.
  struct Settling {
    Strength strength = Strength::none;
    base::SteadyTime since{};
  };
  std::map<std::string, Settling> settling;
};

// Why `decision` is superseded, as text for the record; absent when it may act. Other rules take precedence by an
// action in progress, queued, or done less than kSettling ago, and by an escalation step under observation (while its
// readings are unknown for at most kSettling).
std::optional<std::string> reason_to_yield(const Decision& decision, const Arbitration& arbitration,
                                           const std::vector<Rule>& rules, const RuleStates& states,
                                           base::SteadyTime now);

// Removes the waiting decisions that `decision` supersedes (weaker ones of other rules) and returns them.
std::vector<Decision> take_superseded(const Decision& decision, Arbitration& arbitration);

// An enforcing action of this rule was completed at `now`.
void record_done(const ActingRule& acting, base::SteadyTime now, Arbitration& arbitration);

// Orders the decisions of one tick: those that enforce nothing first, then the strongest firing first. Decisions of one
// firing stay together, in their order.
void sort_by_precedence(std::vector<Decision>& decisions);

}  // namespace guard::policy

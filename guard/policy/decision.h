#pragma once
// A decision is data: the action, its target, the reason and the evidence. It is recorded before it is carried out,
// and the target is read again immediately before the action.

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "guard/policy/escalation.h"
#include "guard/policy/rule.h"

namespace guard::policy {

// The condition must still be true at the recheck, on fresh signals. It is the rule's own condition (with the clear
// threshold when the rule fires again between trip and clear), or, for a later step of an escalation, that the goal of
// the previous step is not reached.
struct Decision : Condition {
  std::string workload;
  sample::Identity identity;  // of the run that was evaluated; another identity at the recheck drops the decision
  std::string rule;           // the rule's name, or "caps" for reconciliation, or "depends_on"
  ActionSpec action;
  Strength precedence = Strength::none;         // the strongest action of this firing
  std::size_t step = 0;                         // step of the escalation, from 1; 0 without one
  std::size_t steps = 0;                        // number of steps in the escalation
  std::string reason;                           // "memory 612 MiB is 87% of 700 MiB, above 85% for 31s"
  std::map<std::string, std::string> evidence;  // the readings behind it, by name, formatted
  base::SteadyTime breached_at;                 // when the condition first became true
  bool has_condition = true;  // false: stands while the workload is the same (a cap, a dependency that was restarted)
};

// Why no enforcing action is allowed on a workload at the moment, whatever its rules ask for.
enum class Suppression { stop_latch, maintenance, dependency, rate_limit };
std::string_view name_of(Suppression suppression);

// The state of one rule for one workload. Owned by the guard's thread. A new identity of the workload resets the
// condition but keeps the cool-down: otherwise every restart by a rule would permit the next one.
struct RuleState {
  enum class Phase { clear, pending, tripped } phase = Phase::clear;
  std::string identity;                     // Identity::key of the run that was evaluated
  base::SteadyTime since{};                 // when the condition became true (pending, tripped) or false (clear)
  std::chrono::nanoseconds unknown_for{0};  // time since then with an absent reading; does not count as held
  base::SteadyTime last_known{};            // the last tick with a known reading
  bool was_unknown = false;                 // a later tick had none
  std::optional<base::SteadyTime> last_fired;
  EscalationState escalation;
  std::optional<Suppression> suppressed;  // why the last firing was suppressed, once reported
};

using RuleStates = std::map<std::string, RuleState>;  // by rule name; bounded by the rules of the policy

// Evaluates the rules of one workload for one tick: updates the states and returns one decision for each action.
// - A rule trips and fires once its condition has been true for `held_for`.
// - It stays tripped until `clear` is crossed, and fires again each time its cool-down ends before that.
// - A rule with an escalation fires one step at a time (escalation.h), and not while a step is acting or observed.
// - An absent reading neither extends nor ends the time for which a condition is held. After more than `max_gap`
//   without a known reading that time starts again from zero.
std::vector<Decision> evaluate(const std::vector<Rule>& rules, const signal::WorkloadSignals& signals,
                               base::SteadyTime now, std::chrono::nanoseconds max_gap, RuleStates& states);

// Resets the cool-down of the decision's rule after the decision was dropped without any action, so that the rule can
// fire at once when the breach returns. The step of an escalation is postponed.
void forget_firing(const Decision& decision, base::SteadyTime now, RuleStates& states);

// Whether the decision is still valid on fresh signals. False when the identity differs or the reading is absent.
// Decisions on what cannot be undone (an OOM kill) or has no signal (a cap) are valid while the identity is the same.
bool still_holds(const Decision& decision, const signal::WorkloadSignals& fresh);

}  // namespace guard::policy

#pragma once
// A decision is data: what to do, to whom, why, and on what evidence. It is written to the history before it is
// carried out, and the one target is read again right before.

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "guard/policy/ladder.h"
#include "guard/policy/rule.h"

namespace guard::policy {

// The condition is what must still be true when it is asked of fresh signals right before acting: the rule's own, by
// its clear threshold when it fires again between the two; of a ladder's later step, that the one before has not
// helped.
struct Decision : Condition {
  std::string workload;
  sample::Identity identity;  // of the workload as it was judged; another identity at recheck drops the decision
  std::string rule;           // the rule's name, or "caps" for reconciliation, or "depends_on"
  ActionSpec action;
  Strength claim = Strength::none;              // the strongest action of all that fired with it
  std::size_t step = 0;                         // of its ladder, from 1; 0 without one
  std::size_t steps = 0;                        // that the ladder has
  std::string reason;                           // "memory 612 MiB is 87% of 700 MiB, above 85% for 31s"
  std::map<std::string, std::string> evidence;  // the readings it rests on, in words
  base::SteadyTime breached_at;                 // when the condition first became true
  bool has_condition = true;  // false: stands while the workload is the same (a cap, a dependency that was restarted)
};

// Why nothing is enforced on a workload at the moment, whatever its rules ask for.
enum class Hindrance { breaker, maintenance, held_back, budget };
std::string_view name_of(Hindrance hindrance);

// Where one rule stands for one workload. Owned by the guard's thread. Another identity of the workload begins a new
// condition; only the cool-down lives on, for else every restart that a rule asks for would allow the next one.
struct RuleState {
  enum class Phase { clear, pending, tripped } phase = Phase::clear;
  std::string identity;                     // Identity::key it was judged for
  base::SteadyTime since{};                 // since when the condition holds (pending, tripped) or does not (clear)
  std::chrono::nanoseconds unknown_for{0};  // of that, the time in which the reading was absent: no part of the hold
  base::SteadyTime last_known{};            // the last tick with a reading
  bool was_unknown = false;                 // there was a tick without one since then
  std::optional<base::SteadyTime> last_fired;
  LadderState ladder;
  std::optional<Hindrance> hindered;  // what kept it from acting when it fired last, which has been said
};

using RuleStates = std::map<std::string, RuleState>;  // by rule name; bounded by the rules of the policy

// One tick for one workload: moves the states on and returns what is to be done, one decision an action.
// - A condition must hold for `held_for`, then the rule trips and fires.
// - A tripped rule stays so until `clear` is crossed, and fires again whenever its cool-down ends meanwhile.
// - A rule with a ladder fires one step at a time, see ladder.h; while a step is under way or watched it does not fire.
// - Unknown never enforces: an absent reading neither advances a hold nor clears it, and a condition not seen for
//   longer than `max_gap` begins anew.
std::vector<Decision> evaluate(const std::vector<Rule>& rules, const signal::WorkloadSignals& signals,
                               base::SteadyTime now, std::chrono::nanoseconds max_gap, RuleStates& states);

// Takes back that the decision's rule fired, for a decision that was dropped before anything was done: the cool-down is
// the rest after an act, and a breach that comes back must not find the rule resting for nothing. Of a ladder the step
// is put off.
void forget_firing(const Decision& decision, base::SteadyTime now, RuleStates& states);

// Does the decision still stand, judged on fresh signals? False also when the identity differs or the reading is
// absent. What cannot be undone (an OOM kill) and what signals do not show (a cap) stands while the identity does.
bool still_holds(const Decision& decision, const signal::WorkloadSignals& fresh);

}  // namespace guard::policy

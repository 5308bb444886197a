#pragma once
// A decision is data: what to do, to whom, why, and on what evidence. It is written to the history before it is
// carried out, and the one target is read again right before.

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "guard/policy/rule.h"

namespace guard::policy {

struct Decision {
  std::string workload;
  sample::Identity identity;   // of the workload as it was judged; another identity at recheck drops the decision
  std::string rule;            // the rule's name, or "caps" for reconciliation
  ActionSpec action;
  std::string reason;          // "memory 612 MiB is 87% of 700 MiB, above 85% for 31s"
  std::map<std::string, std::string> evidence;  // the readings it rests on, in words
  base::SteadyTime breached_at;                 // when the condition first became true
  // Still true? Asked of fresh signals right before acting. Absent readings answer no.
  Metric metric = Metric::memory;
  Comparison comparison = Comparison::above;
  Threshold trip;
};

// Where one rule stands for one workload. Owned by the guard's thread; reset when the identity changes.
struct RuleState {
  enum class Phase { clear, pending, tripped } phase = Phase::clear;
  base::SteadyTime since{};                        // of the phase
  std::optional<base::SteadyTime> last_fired;
};

using RuleStates = std::map<std::string, RuleState>;  // by rule name; bounded by the rules of the policy

// One tick for one workload: moves the states on and returns what is to be done. Unknown never enforces: an
// absent reading neither advances a hold nor clears it, and a hold interrupted by it for longer than `max_gap` starts anew.
std::vector<Decision> evaluate(const std::vector<Rule>& rules, const signal::WorkloadSignals& signals, base::SteadyTime now,
                               std::chrono::nanoseconds max_gap, RuleStates& states);

// Does the decision still stand, judged on fresh signals? False also when the identity differs or the reading is absent.
bool still_holds(const Decision& decision, const signal::WorkloadSignals& fresh);

}  // namespace guard::policy

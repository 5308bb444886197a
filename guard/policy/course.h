#pragma once
// One course of action a workload at a time. Several rules may want the same workload at once, for the same trouble is
// seen by many of them; it is taken hold of once. The stronger step wins: what is weaker than, or as strong as, what
// another rule has under way or has just done is dropped. A rule does not stand in its own way; how often it acts is
// its own cool-down's business.

#include <chrono>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "guard/policy/decision.h"

namespace guard::policy {

// Who takes hold of the workload, and how hard.
struct Claim {
  std::string rule;
  Strength strength = Strength::none;
};

struct Course {
  // What was done shows its effect in about this time; until then nobody else does as much again.
  static constexpr std::chrono::nanoseconds kSettling = std::chrono::minutes(1);

  std::optional<Claim> acting;   // under way: one at a time
  std::deque<Decision> waiting;  // what comes after it; bounded by the rules' actions
  // By rule: the strongest that it has done within kSettling, and when.
  struct Settling {
    Strength strength = Strength::none;
    base::SteadyTime since{};
  };
  std::map<std::string, Settling> settling;
};

// Why `decision` must give way, in words, or nothing when it need not: another rule's action under way or waiting, or
// done less than kSettling ago, or a ladder of another rule that has acted and watches whether that helps (in doubt
// of it not longer than kSettling).
std::optional<std::string> find_rival(const Decision& decision, const Course& course, const std::vector<Rule>& rules,
                                      const RuleStates& states, base::SteadyTime now);

// Takes what must give way to `decision` out of the waiting ones: weaker, and of other rules.
std::vector<Decision> take_weaker(const Decision& decision, Course& course);

// An enforcing action of this claim was done at `now`.
void note_done(const Claim& claim, base::SteadyTime now, Course& course);

// The strongest firing first, so that of those of one tick it wins; what enforces nothing before all. What fired
// together stays together, in its own order.
void put_strongest_first(std::vector<Decision>& decisions);

}  // namespace guard::policy

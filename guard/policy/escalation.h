#pragma once
// The escalation policy of a rule: its steps are tried one after another, from the gentlest to the strongest. A step is
// carried out, then the workload is observed; when the goal of the step is not reached in time, the next step follows.
// Pure: times and readings are arguments, and the caller reports outcomes through record_step.
//
// - The observation starts when the actions of the step have ended. Only time with known readings counts: an unknown
//   reading neither ends an escalation nor advances it.
// - An escalation ends when a step reaches its goal. A rule that fires again within its cool-down continues with the
//   next step, since the effect did not last; after the cool-down it starts with the first step.
// - After a failed step the next one follows at once. The last step is repeated after the rule's cool-down.

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>

#include "base/clock.h"
#include "guard/policy/rule.h"

namespace guard::policy {

// The state of one rule's escalation for one workload.
struct EscalationState {
  enum class Phase { idle, acting, observing } phase = Phase::idle;
  // Acting and observing: the current step. Idle: the step with which a firing within the cool-down after `ended_at`
  // starts.
  std::size_t step = 0;
  std::optional<base::SteadyTime> ended_at;

  std::size_t pending_actions = 0;  // acting: actions of the step without a recorded outcome
  bool has_acted = false;           // an action of the step, or a stronger one of another rule instead, was carried out
  bool has_failed = false;
  bool is_carried_out = false;  // an action of the step itself was attempted: only then it blocks other rules

  std::string identity;                  // Identity::key of the run that the step is about; "" when unknown
  bool makes_new_run = false;            // the step restarts the workload, so the next run is expected
  base::SteadyTime last_known{};         // observing: time of the last known reading, or when the actions ended
  bool was_unknown = false;              // the last reading was unknown
  std::chrono::nanoseconds observed{0};  // total time with known readings since the actions ended

  std::string effect;  // what the step achieved, as text for the record; "" until known. The caller moves it out.
};

// The outcome of one action of a step. superseded: a stronger action of another rule was carried out instead.
enum class StepOutcome { done, failed, superseded, not_needed };

// The step with which a firing at `now` starts.
std::size_t first_step(const Rule& rule, const EscalationState& escalation, base::SteadyTime now);

// The step was decided on for the run `identity`. REQUIRES: record_step is called once for each of its actions.
void start_step(const Rule& rule, std::size_t step, const std::string& identity, EscalationState& escalation);

// An action of the step has ended. The last one starts the observation; if no action was needed, the escalation
// becomes idle at this step.
void record_step(StepOutcome outcome, base::SteadyTime now, EscalationState& escalation);

// The step was suppressed before any action: the escalation becomes idle at this step.
void postpone(base::SteadyTime now, EscalationState& escalation);

// Evaluates the step under observation against this tick's signals. `max_gap`: a longer time between two known readings
// does not count as observed.
enum class StepVerdict { waiting, helped, next_step };
StepVerdict observe(const Rule& rule, const signal::WorkloadSignals& signals, base::SteadyTime now,
                    std::chrono::nanoseconds max_gap, EscalationState& escalation);

// The condition that is true while the goal of the step is not reached; rechecked right before the next step acts.
Condition unmet_goal(const Rule& rule, const Step& step);

}  // namespace guard::policy

#pragma once
// A rule's ladder: one step is carried out and given its time to help; when it has not helped the next, stronger one
// follows. Pure: time and readings come in, what was done is told by note_step.
//
// - The time counts from when the step's actions were done, and only while the readings are known: doubt neither ends a
//   ladder nor takes it further.
// - A ladder that helped ends. When its rule fires again within the cool-down the help did not last: it goes on with
//   the next step; after a longer rest it begins anew.
// - A step that failed gives way to the next at once, and the last step is repeated after the rule's cool-down.

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>

#include "base/clock.h"
#include "guard/policy/rule.h"

namespace guard::policy {

// Where one rule's ladder stands for one workload.
struct LadderState {
  enum class Phase { idle, acting, watching } phase = Phase::idle;
  // Acting and watching: the step under way. Idle: the step that a firing within the cool-down of `ended_at` begins
  // with.
  std::size_t step = 0;
  std::optional<base::SteadyTime> ended_at;

  std::size_t unanswered = 0;  // acting: actions of the step of which nobody has said yet what became of them
  bool has_acted = false;      // one of them was carried out, or a stronger one of another rule in its place
  bool has_failed = false;
  bool is_carried_out = false;  // one of them was itself done or tried: only then the step is in the way of others

  std::string identity;                 // Identity::key of the run it is about; "" when it was not known
  bool makes_new_run = false;           // the step restarts the workload: the first other run is its own doing
  base::SteadyTime last_known{};        // watching: the last look with a reading, or when the actions were done
  bool was_unknown = false;             // there was a look without one since
  std::chrono::nanoseconds watched{0};  // of the time since then, what was known

  std::string effect;  // what the step did, in words, once that is known; whoever keeps the records takes it
};

// What became of one action of a step; what a stronger one of another rule did in its place counts for the ladder.
enum class StepOutcome { done, failed, superseded, not_needed };

// The step that a firing at `now` begins with.
std::size_t first_step(const Rule& rule, const LadderState& ladder, base::SteadyTime now);

// The step has been decided on for the run `identity`; all its actions are to be answered by note_step.
void begin_step(const Rule& rule, std::size_t step, const std::string& identity, LadderState& ladder);

// An action of the step has ended. With the last one the watching begins; when none of them was needed the ladder rests
// at this step.
void note_step(StepOutcome outcome, base::SteadyTime now, LadderState& ladder);

// The step was hindered before anything was done: the ladder rests at it.
void put_off(base::SteadyTime now, LadderState& ladder);

// One look while watching.
enum class Verdict { waiting, helped, next_step };
Verdict watch(const Rule& rule, const signal::WorkloadSignals& signals, base::SteadyTime now,
              std::chrono::nanoseconds max_gap, LadderState& ladder);

// What must be true for the step's help to be lacking: asked again right before the next step is carried out.
Condition lack_of(const Rule& rule, const Step& step);

}  // namespace guard::policy

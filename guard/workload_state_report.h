#pragma once
// Reports the state of a workload, and carries it over a reload. Private to guard/.

#include "guard/telemetry/report.h"
#include "guard/workload_state.h"

namespace guard {

// Fills in the state of the rules and the caps.
void report_on(const WorkloadState& state, base::SteadyTime now, telemetry::WorkloadReport& report);

// For a reload: takes over the state that `before` has when the target is the same. Held conditions start again, which
// can only delay an action, since a rule may have changed under its name. Cool-downs, the action rate and a stop latch
// are kept, so that a reload permits no extra restart. An escalation continues when its steps are the same.
void inherit_memory(WorkloadState& before, WorkloadState& state, base::SteadyTime now);

}  // namespace guard

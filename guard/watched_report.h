#pragma once
// What is remembered of a workload: shown to others, and handed on at a reload. Only for the guard itself.

#include "guard/telemetry/report.h"
#include "guard/watched.h"

namespace guard {

// Where its rules and its caps stand, into `report`.
void report_on(const Watched& watched, base::SteadyTime now, const sample::Host& host,
               telemetry::WorkloadReport& report);

// Takes over what the guard before a reload remembered of the workload, when it is still the same target. Rules may
// have changed under the same name: their holds begin anew, which can only delay an action. What they rest from, the
// budget and an open breaker stay, for else every reload would allow one more restart; a ladder goes on where it stood
// when its steps are the same.
void inherit_memory(Watched& before, Watched& watched, base::SteadyTime now);

}  // namespace guard

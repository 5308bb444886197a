#pragma once
// Builds the report of one workload for the status page, the API and the exporter, at the end of a tick. Nothing is
// decided from it. Private to guard/.

#include "base/clock.h"
#include "guard/enforce/workload_state.h"
#include "guard/sample/snapshot.h"
#include "guard/signal/signals.h"
#include "guard/telemetry/report.h"

namespace guard {

// `workload` is one of `snapshot.workloads`; `signals` were derived from it. Updates the last known state of overdue
// log lines in `state`.
telemetry::WorkloadReport report_of(const sample::Snapshot& snapshot, const sample::Workload& workload,
                                    const signal::WorkloadSignals& signals, base::SteadyTime now, WorkloadState& state);

}  // namespace guard

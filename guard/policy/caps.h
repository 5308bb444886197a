#pragma once
// Compares the configured caps with the ones in force. Pure; runs every tick, so that a manual change or a
// daemon-reload is reverted within two ticks.

#include <string>
#include <vector>

#include "guard/policy/decision.h"
#include "guard/sample/snapshot.h"

namespace guard::policy {

struct CapDrift {
  std::string resource;  // "memory", "memory_reservation", "memory_high", "cpus", "pids": the `resource` label
  double desired = 0;    // bytes, cores or a count
  sample::Reading<double> observed;  // infinity: unlimited; absent: no source reports it
  bool drifted = false;              // never true without an observed value
};

// One entry for each cap set in `desired`. Sizes are equal when they differ by less than a page of 4 KiB,
// cores by less than 0.005.
std::vector<CapDrift> find_drift(const sample::Caps& desired, const sample::ObservedCaps& observed);

// The decisions that restore drifted caps; empty when nothing drifted or the workload is not running. memory_high is a
// decision of its own and the last: it is written to the cgroup's files while the others may go through the engine, so
// it can fail alone and must not delay them.
std::vector<Decision> reconcile(const sample::Caps& desired, const sample::Workload& workload, base::SteadyTime now);

}  // namespace guard::policy

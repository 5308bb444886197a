#pragma once
// Caps as they should be against caps as they are. Pure; run every tick, so that a hand or a daemon-reload that
// changed a limit is undone within two ticks.

#include <string>
#include <vector>

#include "guard/policy/decision.h"
#include "guard/sample/snapshot.h"

namespace guard::policy {

struct CapDrift {
  std::string resource;  // "memory", "memory_reservation", "memory_high", "cpus", "pids": the `resource` label
  double desired = 0;    // bytes, cores or a count
  sample::Reading<double> observed;  // infinity: unlimited; absent: no place says, and nobody knows whether it holds
  bool drifted = false;              // never without an observed value: doubt never enforces
};

// One entry for each cap that `desired` names. Sizes are equal when they differ by less than a page of 4 KiB,
// cores by less than 0.005.
std::vector<CapDrift> find_drift(const sample::Caps& desired, const sample::ObservedCaps& observed);

// The decisions that bring back what drifted; none when nothing did or the workload is not running. memory_high comes
// last and by itself: it is written to the kernel's files where all others may go through an engine, so that it may
// fail alone, and must then not delay the others.
std::vector<Decision> reconcile(const sample::Caps& desired, const sample::Workload& workload, base::SteadyTime now);

}  // namespace guard::policy

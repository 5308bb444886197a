#pragma once
// The second half of `leakguard drill --real`: the decisions on the simulated workload are carried out
// on the real one by the daemon's executor, with notifications that are marked as a drill.

#include <functional>
#include <string>
#include <vector>

#include "base/result.h"
#include "guard/config/config.h"
#include "guard/policy/decision.h"

namespace agent {

// The result of one decision, as text.
struct RealAct {
  std::string text;
  bool failed = false;
};

// Carries the decisions out one after another and waits for each; `report` is
// called after each with what became of it. Blocks for as long as the drains and the receivers take. Errors, before
// anything is done: unavailable when the workload cannot be found running, invalid_argument when only the agent itself
// could act on it (a `command` is the agent's child).
base::Status carry_out_for_real(const guard::config::Config& config, const std::string& incident,
                                const std::vector<guard::policy::Decision>& decisions,
                                const std::function<void(const RealAct&)>& report);

}  // namespace agent

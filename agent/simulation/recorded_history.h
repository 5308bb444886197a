#pragma once
// Replays the agent's own history: all of the configuration's workloads at once, with everything that was kept of them,
// so that rules on CPU, pressure or logs are judged too.

#include <string>

#include "agent/simulation/recorded_series.h"
#include "base/result.h"
#include "guard/config/config.h"

namespace agent::simulation {

// A folder with a history in it, or a history's database file.
bool is_history(const std::string& path);

// Errors: those of guard::history::Reader; not_found when it has nothing of any workload.
base::Result<ReplayedSeries> replay_history(const std::string& path, const guard::config::Config& config);

}  // namespace agent::simulation

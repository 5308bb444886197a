#pragma once
// Replays a recording (agent/recording/recording.h): finds out which of its series is which workload, and plays each
// to a guard of its own as it is read.

#include <cstdint>
#include <istream>
#include <optional>
#include <string>
#include <vector>

#include "agent/recording/recording.h"
#include "agent/simulation/replayed.h"
#include "base/result.h"
#include "guard/config/config.h"

namespace agent::simulation {

struct ReplayedSeries {
  std::vector<Replayed> workloads;
  std::vector<std::string> notes;  // about the recording as a whole
  std::string damage;              // of the history, that was passed over; "" when there was none
};

// A series is a workload's when it is named as that or as its target, or has that name as the value of a label
// (`{container="web"}`); the only series is the only workload's. Errors: those of read_recording; not_found when no
// series is any workload's, conflict when two are the same one's, each with the names there are.
base::Result<ReplayedSeries> replay_series(std::istream& in, const recording::Columns& columns,
                                           const guard::config::Config& config, std::optional<base::Bytes> limit);

}  // namespace agent::simulation

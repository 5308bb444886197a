#pragma once
// What `leakguard replay --json` prints.

#include <string>

#include "agent/simulation/recorded_series.h"

namespace agent::simulation {

// One document: {"workloads":[{"name","series","first","last","actions":{…},"timeline":[…],"notes":[…]}],"notes":[…]}.
// Times are seconds, as the record counts them. Bytes that are no UTF-8 are replaced.
std::string replay_as_json(const ReplayedSeries& replayed);

}  // namespace agent::simulation

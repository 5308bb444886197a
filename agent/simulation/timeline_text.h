#pragma once
// The text of a timeline.

#include <string>
#include <vector>

#include "agent/simulation/replayed.h"
#include "agent/simulation/timeline.h"

namespace agent::simulation {

// "would restart (rule leak): time to limit 9m 12s, below 10m for 2m", without its time; later times in it are dates,
// or relative to `since`.
std::string sentence_of(const Entry& entry, double since = 0);

// "would restart 2 times, notify 5 times", or that nothing would be done.
std::string sum_of(const Timeline& timeline);

// All lines of one workload: the series, its timeline, the totals, and what could not be evaluated.
std::vector<std::string> lines_of(const Replayed& replayed);

}  // namespace agent::simulation

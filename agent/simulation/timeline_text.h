#pragma once
// A timeline as lines for people.

#include <string>
#include <vector>

#include "agent/simulation/replayed.h"
#include "agent/simulation/timeline.h"

namespace agent::simulation {

// "would restart (rule leak): time to limit 9m 12s, below 10m for 2m". Without its time; later times in it are told
// as dates, or as what has gone by since `since`.
std::string sentence_of(const Entry& entry, double since = 0);

// "would restart 2 times, notify 5 times", or that nothing would be done.
std::string sum_of(const Timeline& timeline);

// All that is to be said of one workload: what was played, its timeline, the sum and what could not be judged.
std::vector<std::string> lines_of(const Replayed& replayed);

}  // namespace agent::simulation

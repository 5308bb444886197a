#pragma once
// What a replay found out about one workload.

#include <cstdint>
#include <string>
#include <vector>

#include "agent/recording/analysis.h"
#include "agent/simulation/timeline.h"

namespace agent::simulation {

struct Replayed {
  std::string workload;
  std::string series;  // of the record; the workload's name in a history
  double first = 0;    // seconds; of the record
  double last = 0;
  double interval_seconds = 0;  // between its samples, on average
  Timeline timeline;
  recording::Analysis analysis;
  std::vector<std::string> notes;  // what could not be judged on this record, and why
};

}  // namespace agent::simulation

#pragma once
// Stop markers: files that keep the stop latches of workloads beyond the life of the agent: STATE_DIR/stopped/NAME. The
// next agent does not start these workloads. A command is started again when its marker contains "start"; a missing
// marker starts nothing, since a missing disk looks the same. Nothing that acts is reachable over HTTP.

#include <set>
#include <string>
#include <vector>

#include "base/clock.h"

namespace agent {

struct StopMarker {
  std::string workload;
  std::string rule;  // the rule that stopped it
  base::WallTime since;
};

class StopMarkers {
 public:
  // `folder` need not exist; "": keeps nothing.
  explicit StopMarkers(std::string folder) : folder_(std::move(folder)) {}

  // The markers of the previous agent. An unreadable marker counts as one.
  std::vector<StopMarker> read();

  // Writes a marker for each of `stopped`, also where one is missing, and removes all others. Returns the workloads
  // whose marker contains "start", each once. A full disk is logged once and blocks nothing.
  std::vector<std::string> keep(const std::vector<StopMarker>& stopped);

 private:
  bool write(const StopMarker& marker);

  const std::string folder_;
  std::set<std::string> written_;
  std::set<std::string> released_;  // latched in the guard until their next run
  bool is_failing_ = false;
};

}  // namespace agent

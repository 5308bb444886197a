#pragma once
// Stop markers: workloads that a rule has stopped, as files that outlive the agent: STATE_DIR/stopped/NAME. An agent
// that is started anew does not start them. A supervised command is started again when its marker says "start"; a
// marker that is missing starts nothing, since a disk that is gone looks the same. Nothing that acts is reachable over
// HTTP, and whoever may write there may do worse anyway.

#include <set>
#include <string>
#include <vector>

#include "base/clock.h"

namespace agent {

struct StopMarker {
  std::string workload;
  std::string rule;  // that stopped it
  base::WallTime since;
};

class StopMarkers {
 public:
  // `folder` need not exist; "" keeps nothing.
  explicit StopMarkers(std::string folder) : folder_(std::move(folder)) {}

  // Those of the agent before. A file that cannot be read holds its workload all the same.
  std::vector<StopMarker> read();

  // Writes down what is held now, also what has gone missing, and takes away what is not held any more. Returns the
  // workloads whose marker says "start", each once. A disk that is full is logged, once, and holds nothing up.
  std::vector<std::string> keep(const std::vector<StopMarker>& held);

 private:
  bool write(const StopMarker& hold);

  const std::string folder_;
  std::set<std::string> written_;
  std::set<std::string> released_;  // still held by the guard, which waits for their next run
  bool is_failing_ = false;
};

}  // namespace agent

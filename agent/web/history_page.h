#pragma once
// /api/v1/workloads/NAME/history: what the agent saw of one workload, as far back as is asked. Reads on a thread of its
// own, so that the loop, which is the guard's, never waits for the disk.

#include <memory>
#include <string>

#include "base/clock.h"
#include "base/http_server.h"
#include "base/result.h"
#include "base/worker.h"

namespace agent {

// The answer's body: the points from `since` until now of the database at `path`, about 3000 of them at most.
base::Result<std::string> history_points(const std::string& path, const std::string& workload, base::WallTime since,
                                         base::WallTime now);

class HistoryPage {
 public:
  // Of the database at `path`.
  explicit HistoryPage(std::string path);

  // Answers now or later: 200 with at most about 3000 points, 400 for a time that is none, 503 when too many ask at
  // once or the database cannot be read.
  void answer(const std::shared_ptr<base::HttpExchange>& exchange, const std::string& workload, base::WallTime now);

 private:
  const std::string path_;
  base::Worker worker_;
};

}  // namespace agent

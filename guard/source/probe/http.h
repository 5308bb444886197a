#pragma once
// Asks a workload over HTTP: GET, on a connection of its own, no redirect followed, no proxy. The answer's status
// decides; its body is not read.

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "base/stream_client.h"
#include "base/units.h"
#include "guard/source/probe/attempt.h"

namespace guard::source {

struct HttpQuestion {
  std::string url;
  std::vector<int> statuses;  // that are healthy; none: 200 to 399
  base::Duration timeout = std::chrono::seconds(2);
};

// The client must outlive the attempt.
std::unique_ptr<ProbeAttempt> ask_http(base::StreamClient& client, const HttpQuestion& question, ProbeDone done);

}  // namespace guard::source

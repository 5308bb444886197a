#pragma once
// What a backend's client counts and has learned, for the metrics and for /admin.

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "chatcore/llm/circuit_breaker.h"

namespace chatcore::llm {

// What the backend's refusals have taught (learned_limits.h).
struct LearnedReport {
  std::optional<std::size_t> context_tokens = {};  // of its model; absent: no prompt was too long yet
  std::map<std::string, std::string> fields = {};  // that it does not take; each with what is sent instead, or ""
  bool no_system_role = false;                     // what would be the system message goes into the first question
};

struct BackendStatistics {
  std::size_t streams = 0;  // requests under way
  std::size_t waiting = 0;  // for one of these to end
  std::uint64_t retries_total = 0;
  std::uint64_t connects_total = 0;
  BreakerState breaker = BreakerState::closed;
  LearnedReport learned = {};
};

}  // namespace chatcore::llm

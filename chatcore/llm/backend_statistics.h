#pragma once
// Counters and learned limits of a backend's client, for the metrics and for /admin/backend.

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "chatcore/llm/circuit_breaker.h"

namespace chatcore::llm {

// Limits learned from the backend's refusals (learned_limits.h).
struct LearnedReport {
  std::optional<std::size_t> context_tokens = {};  // the model's context length; absent: not known
  std::map<std::string, std::string> fields = {};  // refused field → the field sent instead, or ""
  bool no_system_role = false;                     // the system message's text goes into the first question
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

#pragma once
// What a backend's client counts, for the metrics.

#include <cstddef>
#include <cstdint>

#include "chatcore/llm/circuit_breaker.h"

namespace chatcore::llm {

struct BackendStatistics {
  std::size_t streams = 0;  // requests under way
  std::size_t waiting = 0;  // for one of these to end
  std::uint64_t retries_total = 0;
  std::uint64_t connects_total = 0;
  BreakerState breaker = BreakerState::closed;
};

}  // namespace chatcore::llm

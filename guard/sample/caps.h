#pragma once
// The limits configured for a workload. The guard does not manage empty fields.

#include <cstdint>
#include <optional>

#include "base/units.h"

namespace guard::sample {

struct Caps {
  std::optional<base::Bytes> memory;              // hard limit: memory.max
  std::optional<base::Bytes> memory_reservation;  // soft: memory.low / soft_limit_in_bytes
  std::optional<base::Bytes> memory_high;         // throttling limit: memory.high, v2 only
  std::optional<base::Cores> cpus;
  std::optional<std::int64_t> pids;
  bool force = false;  // also apply a memory cap below the memory in use, which kills the workload on v2

  [[nodiscard]] bool empty() const { return !memory && !memory_reservation && !memory_high && !cpus && !pids; }
  friend bool operator==(const Caps&, const Caps&) = default;
};

}  // namespace guard::sample

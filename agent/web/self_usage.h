#pragma once
// The agent's own use of the machine, for the standard process_* metrics: the measurer is measured.

#include <optional>

#include "guard/telemetry/exporter.h"

namespace agent {

// Reads /proc/self; nothing when it cannot be read.
std::optional<guard::telemetry::SelfUsage> read_self_usage();

}  // namespace agent

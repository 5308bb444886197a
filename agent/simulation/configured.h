#pragma once
// Loads the configuration for replay and drill.

#include <optional>
#include <string>

#include "guard/config/config.h"

namespace agent::simulation {

// Loads `file`, reduced to `workload` when that is not "". Prints all problems to standard error and returns nothing
// then; `is_usage` is set for a wrong command line.
std::optional<guard::config::Config> load_configured(const std::string& command, const std::string& file,
                                                     const std::string& workload, bool& is_usage);

}  // namespace agent::simulation

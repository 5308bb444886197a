#pragma once
// The configuration that a command rehearses.

#include <optional>
#include <string>

#include "guard/config/config.h"

namespace agent::simulation {

// Loads `file`; with `workload` only that one is left. Problems, all of them, are printed to standard error, with the
// command's name in front where they are not the configuration's own: then it gives nothing, and `is_usage` says
// whether it is the command line that is wrong.
std::optional<guard::config::Config> load_configured(const std::string& command, const std::string& file,
                                                     const std::string& workload, bool& is_usage);

}  // namespace agent::simulation

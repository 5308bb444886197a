#pragma once
// The YAML form of the settings: a setting's name is its section and key, "conversation.ttl" the key ttl of the section
// conversation. Out come names and texts with their places; what a text means is the settings table's business.

#include <string>
#include <string_view>
#include <vector>

#include "base/config/files.h"
#include "base/config/variables.h"
#include "chatcore/config.h"

namespace chatcore {

struct ConfigFile {
  std::vector<SettingText> texts;   // with ${VAR} expanded
  std::vector<ConfigError> errors;  // not YAML, unknown keys (with the nearest valid one), unset variables
};

// Pure. A later text's settings follow, and so win over, an earlier one's. `problems` are those of reading the files.
ConfigFile parse_config_files(const std::vector<base::config::ConfigText>& texts,
                              const base::config::Environment& environment,
                              std::vector<base::config::ConfigProblem> problems = {});
// `path` and the *.yml of conf.d beside it. What cannot be read is an error.
ConfigFile read_config_file(const std::string& path, const base::config::Environment& environment);

}  // namespace chatcore

#pragma once
// The YAML form of the settings: a nested map whose keys, joined with dots, are the names of the settings table.
// Syntax only: out come names and texts with their places; what a text means is the table's business.

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "chatcore/config.h"

namespace chatcore {

struct ConfigFile {
  std::vector<SettingText> texts;
  std::vector<ConfigError> errors;  // not YAML, unknown keys (with the nearest valid one), keys given twice
};

// Pure. `name` is the file's name as errors shall show it, followed by line and column from 1.
ConfigFile parse_config_file(std::string_view yaml, const std::string& name);
// Errors: those of opening and reading, too_large (over 1 MiB).
base::Result<ConfigFile> read_config_file(const std::string& path);

}  // namespace chatcore

#pragma once
// Validates text: UTF-8 without control characters other than tabs and line ends.

#include <optional>
#include <string_view>

#include "base/config/yaml_tree.h"

namespace base::config {

// The position and kind of the first invalid byte; absent for valid text.
std::optional<YamlProblem> find_unprintable(std::string_view text);

}  // namespace base::config

#pragma once
// Validates text: UTF-8 without control characters other than tabs and line ends.

#include <optional>
#include <string_view>

#include "guard/config/yaml_tree.h"

namespace guard::config {

// The position and kind of the first invalid byte; absent for valid text.
std::optional<YamlProblem> find_unprintable(std::string_view text);

}  // namespace guard::config

#pragma once
// Text that may be shown and exported: valid UTF-8 without control bytes other than tab and line ends.

#include <optional>
#include <string_view>

#include "guard/config/yaml_tree.h"

namespace guard::config {

// Where the first byte stands that is neither, and what it is; nothing for clean text.
std::optional<YamlProblem> find_unprintable(std::string_view text);

}  // namespace guard::config

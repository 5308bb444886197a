#pragma once
// Expands ${VAR} in values, after the YAML was parsed, so that a variable never becomes syntax.

#include <string>
#include <string_view>

#include "base/result.h"
#include "guard/config/config.h"

namespace guard::config {

// Replaces each ${NAME}, and $$ by $; any other $ is kept, as at the end of a pattern. Errors: invalid_argument for an
// unset variable, a missing }, an invalid name, and a value with control characters, invalid UTF-8 or more than 64 KiB.
// No error contains a value.
base::Result<std::string> expand_variables(std::string_view text, const Environment& environment);

}  // namespace guard::config

#pragma once
// ${VAR} in values. Replaced after the YAML was read, so that a variable can never become syntax.

#include <string>
#include <string_view>

#include "base/result.h"
#include "guard/config/config.h"

namespace guard::config {

// `text` with every ${NAME} replaced and $$ turned into $; any other $ stands for itself, as in a pattern's end.
// Errors: invalid_argument for a variable that is not set, a ${ without its }, a name that is none, and a value with
// control bytes, broken UTF-8 or more than 64 KiB. No error holds a variable's value.
base::Result<std::string> expand_variables(std::string_view text, const Environment& environment);

}  // namespace guard::config

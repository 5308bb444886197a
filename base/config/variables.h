#pragma once
// Expands ${VAR} in values, after the YAML was parsed, so that a variable never becomes syntax. A variable may hold a
// secret: messages name it and never show its value.

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/result.h"

namespace base::config {

// The value of an environment variable; absent when unset.
using Environment = std::function<std::optional<std::string>(std::string_view name)>;
std::optional<std::string> process_environment(std::string_view name);

// Replaces each ${NAME}, and $$ by $; any other $ is kept, as at the end of a pattern. Errors: invalid_argument for an
// unset variable, a missing }, an invalid name, and a value with control characters, invalid UTF-8 or more than 64 KiB.
// No error contains a value.
Result<std::string> expand_variables(std::string_view text, const Environment& environment);

// Remembers which values came out of variables, so that messages can name the variables instead.
class ExpandedValues {
 public:
  // Wraps `environment` and records each value that it returns. Must not outlive this or `environment`.
  Environment noting(const Environment& environment);
  // `text` with each noted value replaced by its ${NAME}.
  [[nodiscard]] std::string mask(std::string text) const;

 private:
  struct ShorterFirst {
    bool operator()(const std::string& a, const std::string& b) const {
      return std::pair(a.size(), std::string_view(a)) < std::pair(b.size(), std::string_view(b));
    }
  };
  std::map<std::string, std::string, ShorterFirst> names_;  // by value
};

}  // namespace base::config

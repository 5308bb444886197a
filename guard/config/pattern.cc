#include "guard/config/pattern.h"

#include <re2/re2.h>

namespace guard::config {

std::string find_pattern_problem(const std::string& pattern) {
  constexpr std::size_t kLongestPattern = 4096;
  constexpr std::size_t kMostNamedGroups = 16;         // each is a series
  constexpr std::int64_t kMostPatternBytes = 1 << 20;  // compiled
  if (pattern.size() > kLongestPattern) return "a pattern has at most 4096 bytes";
  RE2::Options options;
  options.set_log_errors(false);
  options.set_max_mem(kMostPatternBytes);
  const RE2 compiled(pattern, options);
  if (!compiled.ok()) return "not a pattern that RE2 takes: " + compiled.error();
  if (RE2::FullMatch("", compiled)) return "this pattern matches every line, the empty one too";
  if (compiled.NamedCapturingGroups().size() > kMostNamedGroups) return "a pattern has at most 16 named groups";
  return {};
}

std::vector<std::string> names_of_groups(const std::string& pattern) {
  if (!find_pattern_problem(pattern).empty()) return {};
  RE2::Options options;
  options.set_log_errors(false);
  const RE2 compiled(pattern, options);
  std::vector<std::string> names;
  for (const auto& [name, index] : compiled.NamedCapturingGroups()) names.push_back(name);
  return names;
}

}  // namespace guard::config

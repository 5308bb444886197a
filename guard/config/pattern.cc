#include "guard/config/pattern.h"

#include <re2/re2.h>

#include "base/pattern_form.h"

namespace guard::config {
namespace {

std::string hint_for(const std::string& pattern) {
  for (const char* look_around : {"(?=", "(?!", "(?<=", "(?<!"})
    if (pattern.find(look_around) != std::string::npos)
      return " (RE2 has no look-ahead and look-behind: match the text around it instead)";
  return {};
}

}  // namespace

std::string find_pattern_problem(const std::string& pattern) {
  constexpr std::size_t kLongestPattern = 4096;
  constexpr int kMostGroups = 16;                      // each named one is a series
  constexpr std::int64_t kMostPatternBytes = 1 << 20;  // compiled
  if (pattern.size() > kLongestPattern) return "a pattern has at most 4096 bytes";
  RE2::Options options;
  options.set_log_errors(false);
  options.set_max_mem(kMostPatternBytes);
  const RE2 compiled(pattern, options);
  const std::string form = base::re2_form_of(pattern);
  const bool is_delimited = pattern.starts_with('/') && !form.starts_with('/');
  if (form != pattern && (is_delimited || !compiled.ok()) && RE2(form, options).ok())
    return "the pattern is written in another language's form; RE2 takes '" + form + "'";
  if (!compiled.ok()) return "not a pattern that RE2 takes: " + compiled.error() + hint_for(pattern);
  if (RE2::FullMatch("", compiled)) return "this pattern matches every line, the empty one too";
  if (compiled.NumberOfCapturingGroups() > kMostGroups)
    return "a pattern has at most 16 groups; write (?:…) for those that only hold together";
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

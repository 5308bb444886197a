#include "guard/config/pattern.h"

#include <cstddef>
#include <initializer_list>
#include <string_view>
#include <utility>

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

// The first line-end or escape character that `pattern` requires; "" when there is none. Such a pattern never matches:
// lines are matched one at a time, without line ends and escape sequences. An optional character ("\\r?$") or one in a
// character class is not required.
std::string impossible_character(std::string_view pattern) {
  const auto name_of_raw = [](char c) {
    return c == '\n' ? "a line end" : c == '\r' ? "a carriage return" : c == '\0' ? "a NUL" : "an escape character";
  };
  bool in_class = false;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    const std::string_view rest = pattern.substr(i);
    std::string found;
    std::size_t length = 1;
    if (constexpr std::string_view kRaw("\n\r\0\x1b", 4); kRaw.find(rest[0]) != std::string_view::npos) {
      found = name_of_raw(rest[0]);
    } else if (rest[0] == '\\') {
      length = 2;
      for (const auto& [written, raw] : std::initializer_list<std::pair<std::string_view, char>>{{"\\n", '\n'},
                                                                                                 {"\\r", '\r'},
                                                                                                 {"\\x0a", '\n'},
                                                                                                 {"\\x0d", '\r'},
                                                                                                 {"\\x0A", '\n'},
                                                                                                 {"\\x0D", '\r'},
                                                                                                 {"\\x00", '\0'},
                                                                                                 {"\\x1b", '\x1b'},
                                                                                                 {"\\x1B", '\x1b'},
                                                                                                 {"\\033", '\x1b'}}) {
        if (!rest.starts_with(written)) continue;
        found = name_of_raw(raw);
        length = written.size();
      }
    } else if (rest[0] == '[' && !in_class) {
      in_class = true;
      // "[]" and "[^]" begin with a bracket of their own.
      length = rest.starts_with("[^]") ? 3 : rest.starts_with("[]") ? 2 : 1;
    } else if (rest[0] == ']') {
      in_class = false;
    }
    const char after = i + length < pattern.size() ? pattern[i + length] : '\0';
    const bool may_be_missing = after == '?' || after == '*' || pattern.substr(i + length).starts_with("{0");
    if (!found.empty() && !in_class && !may_be_missing) return found;
    i += length - 1;
  }
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
  // With alternatives, optional groups and \Q the character may not be required: such patterns are not checked.
  const bool has_ways_around = pattern.find('|') != std::string::npos || pattern.find(")?") != std::string::npos ||
                               pattern.find(")*") != std::string::npos || pattern.find("\\Q") != std::string::npos;
  if (const std::string character = impossible_character(pattern); !character.empty() && !has_ways_around)
    return "this pattern can never match: it requires " + character +
           ", and lines are matched one at a time, without line ends and colours; remove it (in YAML, write the "
           "pattern "
           "in single quotes, not after |)";
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

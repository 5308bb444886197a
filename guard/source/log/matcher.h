#pragma once
// A log watch's pattern: an RE2 regular expression, searched anywhere in a line in time linear in its length
// whatever the pattern. Its named groups that hold numbers come out as values.
//
//   auto matcher = LogMatcher::compile(R"(Cleaned up (?P<count>\d+) old)");
//   matcher->match("12:00 Cleaned up 7 old conversations")->captures["count"] == 7

#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace re2 {
class RE2;
}

namespace guard::source {

// Values may be shared and used by several threads at once.
class LogMatcher {
 public:
  static constexpr std::size_t kMaxPatternBytes = 4096;
  static constexpr int kMaxGroups = 16;

  struct Match {
    // Each named group that took part in the match and holds a finite decimal number ("7", "-0.5", "1e3").
    std::map<std::string, double> captures;
  };

  // Errors: invalid_argument with RE2's own words and place (look-around and back-references are not supported),
  // too_large (pattern over 4 KiB, over 16 groups, or a compiled program over 1 MiB).
  static base::Result<LogMatcher> compile(std::string_view pattern);

  // Bytes that are not UTF-8 are tolerated: they match no character of the pattern.
  [[nodiscard]] std::optional<Match> match(std::string_view line) const;

  // For people: each named group that took part in the match, in the pattern's order; empty when the line does not
  // match.
  struct Group {
    std::string name;
    std::string text;
    std::optional<double> number;  // absent: the text is not a finite decimal number
  };
  [[nodiscard]] std::optional<std::vector<Group>> groups(std::string_view line) const;

 private:
  explicit LogMatcher(std::shared_ptr<const re2::RE2> pattern) : pattern_(std::move(pattern)) {}
  std::shared_ptr<const re2::RE2> pattern_;
};

}  // namespace guard::source

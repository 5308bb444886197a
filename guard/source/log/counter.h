#pragma once
// Counts the lines of a log that match a pattern. Lines come from whichever thread reads the log (the file reader, a
// container's follower, the loop for a command's output); the totals are read on the loop's thread. Matching happens
// where the line is read, so a flood of lines never reaches the loop.

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "guard/source/log/matcher.h"

namespace guard::source {

// One pattern and its totals. Thread-safe.
class LogCounter {
 public:
  struct Totals {
    std::uint64_t matches = 0;
    std::optional<base::SteadyTime> last_match;
    std::optional<base::WallTime> last_match_wall;
    std::map<std::string, double> captures;               // the last numeric value of each named capture
    std::map<std::string, base::SteadyTime> captured_at;  // when each of them was written
  };

  explicit LogCounter(LogMatcher matcher) : matcher_(std::move(matcher)) {}

  // `line`: as clean_log_line() returns it. `at`, `written`: when it was written, by both clocks. A line that is found
  // late is counted, but changes neither the time of the last match nor a capture that is newer.
  void count(std::string_view line, base::SteadyTime at, base::WallTime written);
  [[nodiscard]] Totals totals() const;

 private:
  const LogMatcher matcher_;
  mutable std::mutex mutex_;
  Totals totals_;
};

// All patterns that are looked for in one log. Thread-safe; a set() takes effect between two lines.
class LogCounters {
 public:
  using List = std::vector<std::shared_ptr<LogCounter>>;
  void set(List counters);
  // Removes escape sequences from `line` (see clean_log_line) and hands it to each counter.
  void take(std::string_view line, base::SteadyTime at, base::WallTime written);

 private:
  std::mutex mutex_;
  List counters_;
  std::string buffer_;
};

}  // namespace guard::source

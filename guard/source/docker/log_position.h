#pragma once
// Which lines of a log have been seen, so that any stretch may be read again and each line is taken once. Pure.
//
// A line is known by its time, in nanoseconds, and its text; two alike are taken for one. A count of lines would not
// do: Docker 20.10 repeats the first line after a rotation in a followed stream, or leaves it out.

#include <cstddef>
#include <set>
#include <string_view>
#include <utility>

#include "base/clock.h"

namespace guard::source {

class ContainerLogPosition {
 public:
  explicit ContainerLogPosition(base::WallTime since) : since_(since) {}

  // Is this line new? From then on it is known.
  [[nodiscard]] bool accept(base::WallTime at, std::string_view line);

  // Where to read again from: nothing before it is missing.
  [[nodiscard]] base::WallTime since() const { return since_; }
  // Lines known from since() on.
  [[nodiscard]] std::size_t unsettled() const { return known_.size(); }

  // All that the engine has from since() on has been read: since() moves up to a little before the latest line.
  void settle();
  // A wall clock that was set back stamps new lines with times that seem known already: begin anew at `now`.
  void notice_clock(base::WallTime now);

  // Above it the oldest lines are settled without having been read again: about 2 MiB.
  static constexpr std::size_t kMaxKnown = 32'768;

 private:
  void settle_until(base::WallTime time);

  base::WallTime since_;
  base::WallTime latest_ = base::WallTime::min();
  std::set<std::pair<base::WallTime, std::size_t>> known_;  // time and hash of the text
};

}  // namespace guard::source

#pragma once
// How often each container name has started and been OOM-killed, out of two sources that are each unreliable
// alone: the event stream, which loses what happens while it is down, and inspections, which see only the last
// run. Pure: events and inspections in, counts out, time as an argument.
//
// Time is cut into windows at each inspection of a container. Within a window the truth is the larger of what
// the events and what the inspections say: the engine publishes a start before an inspection can see it, so that an
// event that arrives late still finds its window and is not counted twice.
//
// Counts belong to the name and only ever grow: a container that is recreated under its name goes on counting.

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "guard/source/engine_parser.h"

namespace guard::source {

// How a container's last run ended, which an inspection of the next run no longer tells.
struct LastExit {
  int exit_code = 0;
  bool oom_killed = false;
  base::WallTime at;
};

class EngineCounts {
 public:
  // `event` in the order of the stream; of one that was seen before, nothing changes.
  void on_event(const EngineEvent& event);
  // `answered_at`: when the engine's answer had come, by the clock that stamps its events (the same host's).
  void on_inspection(const Container& container, base::WallTime answered_at);
  // Containers that are not in the list any more are forgotten, their names' counts kept for kMaxNames names.
  void keep_only(const std::set<std::string>& container_ids);

  // Runs that have begun since the engine created the first container of this name that was seen; 0 when unknown.
  [[nodiscard]] std::uint64_t starts_of(std::string_view name) const;
  [[nodiscard]] std::uint64_t oom_kills_of(std::string_view name) const;
  [[nodiscard]] std::optional<LastExit> last_exit_of(std::string_view name) const;

  static constexpr std::size_t kMaxNames = 4096;
  static constexpr std::size_t kMaxContainers = 8192;

 private:
  // Events and inspections that speak of the same stretch of time: the larger count is the truth.
  struct Window {
    base::WallTime end = base::WallTime::max();
    std::uint64_t inspected = 0;
    std::uint64_t events = 0;
  };
  struct Tracked {
    std::string name;
    Window closed;  // ended by the last inspection
    Window open;    // since then
    base::WallTime closed_begin = base::WallTime::min();
    std::optional<base::WallTime> started_at;
    std::uint64_t restarts = 0;
    std::optional<base::WallTime> last_oom;     // the latest by event
    std::optional<base::WallTime> flagged_run;  // started_at of a run counted by its flag alone
    std::optional<base::WallTime> flagged_until;
    base::WallTime last_event = base::WallTime::min();
    std::set<std::string> last_kinds;  // kinds seen at exactly last_event
  };
  struct Named {
    std::uint64_t starts = 0;
    std::uint64_t oom_kills = 0;
    std::optional<LastExit> last_exit;
    std::uint64_t touched = 0;  // order of last use: the least recently used goes first
  };
  Tracked& tracked(const std::string& id, const std::string& name);
  Named& named(const std::string& name);
  void count_start(Tracked& container, base::WallTime at);
  void count_oom(Tracked& container, base::WallTime at);

  std::map<std::string, Tracked> containers_;
  std::map<std::string, Named, std::less<>> names_;
  std::uint64_t uses_ = 0;
};

}  // namespace guard::source

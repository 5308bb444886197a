#pragma once
// How often each container has started and each container name been OOM-killed, out of two sources that are each
// unreliable alone: the event stream, which loses what happens while it is down, and inspections, which see only the
// last run. Pure: events and inspections in, counts out, time as an argument.
//
// Each inspection of a container ends a window of time. Within a window the truth is the larger of what the events
// and what the inspections say. The engine publishes a start before an inspection can see it, so an event that is
// handed on late still finds the window it belongs to and is not counted twice.
//
// Starts belong to the container: one that is recreated under its name is a new container, not a restart. OOM kills and
// the last exit belong to the name and outlive the container.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "base/clock.h"
#include "guard/source/docker/parser.h"

namespace guard::source {

// How a container's last run ended, which an inspection of the next run no longer tells.
struct LastExit {
  int exit_code = 0;
  bool oom_killed = false;
  base::WallTime at;
};

class EngineCounts {
 public:
  // False when this event was handed in before, as a reopened stream repeats them; then nothing changes.
  bool on_event(const EngineEvent& event);
  // `answered_at`: when the engine's answer had come, by the clock that stamps its events (the same host's).
  // A container that was only listed is left out.
  void on_inspection(const Container& container, base::WallTime answered_at);
  // Forgets containers that were not in a list asked for at `asked_at`. What belongs to their names stays.
  void keep_only(const std::set<std::string>& container_ids, base::WallTime asked_at);

  // Runs of this container begun since the engine made it; 0 for a container that is not known.
  [[nodiscard]] std::uint64_t starts_of(const std::string& container_id) const;
  // OOM kills, by event or by the engine's flag on the container, of all containers of this name that were seen.
  [[nodiscard]] std::uint64_t oom_kills_of(std::string_view name) const;
  [[nodiscard]] std::optional<LastExit> last_exit_of(std::string_view name) const;

  // Over a bound the name that was heard of least recently goes; a container more is not followed.
  static constexpr std::size_t kMaxNames = 4096;
  static constexpr std::size_t kMaxContainers = 8192;
  static constexpr std::size_t kMaxRecentEvents = 4096;  // an engine repeats at most the last few hundred

 private:
  struct Starts {
    base::WallTime window_begin = base::WallTime::min();  // of the window that the last inspection ended
    base::WallTime window_end = base::WallTime::min();
    std::uint64_t inspected = 0;               // starts in it, by the inspections at its two ends
    std::uint64_t events = 0;                  // starts in it, by events
    std::vector<base::WallTime> events_since;  // start events after it: counted, in no window yet
    std::optional<base::WallTime> started_at;
    std::optional<base::WallTime> previous_started_at;  // of the last run before it that was inspected
    std::uint64_t restarts = 0;
    std::uint64_t total = 0;  // runs begun
  };
  // A kill that was counted for the flag: its event, if it comes, has a time within these and is not counted again.
  struct ExpectedEvent {
    base::WallTime from;
    base::WallTime until;
    base::WallTime run;  // start of the run that was inspected
  };
  struct OomKills {
    std::vector<ExpectedEvent> expected;  // the oldest first
    std::optional<base::WallTime> last_event;
    std::optional<base::WallTime> flagged_start;   // of the run that was counted for its flag …
    std::optional<base::WallTime> flagged_finish;  // … and its end, once it has ended
    bool died_of_it = false;                       // seen since the last start
  };
  struct Tracked {
    std::string name;
    base::WallTime last_event = base::WallTime::min();
    Starts starts;
    OomKills oom_kills;
  };
  struct Named {
    std::uint64_t oom_kills = 0;
    std::optional<LastExit> last_exit;
    std::uint64_t last_use = 0;
  };

  bool is_new(const EngineEvent& event);
  Tracked* tracked(const std::string& id, const std::string& name);
  Named& named(const std::string& name);
  static void count_start(Tracked& container, base::WallTime at);
  void count_oom(Tracked& container, base::WallTime at);
  void count_exit(Tracked& container, const EngineEvent& died);
  static void inspect_starts(Tracked& container, const Container& seen, base::WallTime answered_at);
  void inspect_oom(Tracked& container, const Container& seen, base::WallTime answered_at);
  void inspect_exit(Tracked& container, const Container& seen);

  std::set<std::tuple<base::WallTime, std::string, std::string>> recent_;  // time, id, kind
  std::map<std::string, Tracked> containers_;                              // by id
  std::map<std::string, Named, std::less<>> names_;
  std::uint64_t uses_ = 0;
};

}  // namespace guard::source

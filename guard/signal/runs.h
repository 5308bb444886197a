#pragma once
// A workload's runs one after another: restarts, restart loops and OOM kills, each counted once however it showed.
// The places that report them disagree in time: an engine raises its restart count before the pause and a supervisor
// after it, and a cgroup's OOM counter dies with the cgroup. What is kept here is bounded.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/units.h"
#include "guard/sample/snapshot.h"
#include "guard/signal/signals.h"

namespace guard::signal {

// More than `max` restarts within `within` are a loop.
struct RestartLimit {
  std::uint64_t max = 3;  // less than RunHistory::kMostRestarts
  base::Duration within = std::chrono::minutes(10);
};

struct RunHistory {
  static constexpr std::size_t kMostRestarts = 65;  // one more than the largest limit

  bool known = false;     // seen in a known state before
  bool first_run = true;  // no run has begun since then: its counters may have risen before the guard looked
  std::string identity;   // Identity::key of the last run that had one
  std::uint64_t starts = 0;
  bool was_running = false;
  bool end_seen = false;                          // the last run's end was noticed before its successor
  std::optional<base::SteadyTime> running_since;  // start of this run, or its first sight; none while it does not run
  base::SteadyTime last_seen{};                   // the last snapshot in which the state was known
  std::deque<base::SteadyTime> restarts;          // oldest first, at most kMostRestarts
  std::uint64_t restarts_total = 0;
};

// What one snapshot changed.
struct RunStep {
  bool first_sight = false;
  bool new_run = false;  // another run than in the last known snapshot
  bool ended = false;    // a run came to its end since then; Lifecycle::last_exit says how
};

// Moves `history` on to the moment that is `now` by one clock and `wall` by the other. An unknown state changes
// nothing: a source that is down starts and ends no run.
RunStep observe_run(const sample::Workload& workload, base::SteadyTime now, base::WallTime wall, RunHistory& history);

// As of `now`. A restart counts for less than `within`; the first start of all is none.
RestartLoop find_restart_loop(const RunHistory& history, const RestartLimit& limit, base::SteadyTime now);

struct OomHistory {
  // A kill raises the counter and then ends the run; both within this are one kill.
  static constexpr base::Duration kSameKill = std::chrono::seconds(10);

  std::optional<std::uint64_t> counter;              // the cgroup's, as last read
  std::uint64_t cgroup = 0;                          // the inode of that cgroup; 0 when unknown
  std::uint64_t ends_before_counter = 0;             // kills counted by their exit since the counter was last read
  std::optional<base::SteadyTime> kill_without_end;  // when the counter rose in a run whose end was not seen yet
  // The same kills as reported by other sources. Each may miss some, and they report at different times: reports within
  // kSameKill of each other are the same kills, and the highest count is used.
  struct Reported {
    std::optional<std::uint64_t> counter;  // as last seen
    std::uint64_t recent = 0;              // kills of the episode under way
  };
  Reported logged;                // Lifecycle::oom_kills_logged
  Reported ends;                  // Lifecycle::oom_ends
  std::uint64_t seen_recent = 0;  // by the cgroup's counter and the ends of runs, in that episode
  base::SteadyTime last_rise{};   // of any of them
  std::uint64_t total = 0;
};

// Kills since the last snapshot; adds them to `history.total`. What the counter held at first sight is not new.
std::uint64_t count_oom_kills(const sample::Workload& workload, const RunStep& step, const RunHistory& runs,
                              base::Duration since_last_seen, base::SteadyTime now, OomHistory& history);

}  // namespace guard::signal

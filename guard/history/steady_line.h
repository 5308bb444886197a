#pragma once
// Puts the steady times of snapshots on one line over restarts of the machine, where the steady clock begins anew. Only
// for this folder.

#include <algorithm>
#include <chrono>
#include <optional>

#include "guard/sample/snapshot.h"

namespace guard::history {

class SteadyLine {
 public:
  // Moves all steady times of the snapshot. The first one gets the wall clock's distance to the epoch. `is_same_run`:
  // the agent that saw this one saw the one before, so that the steady clock was the same.
  void shift(sample::Snapshot& snapshot, bool is_same_run) {
    const base::SteadyTime at = snapshot.at;
    const base::Duration wall = snapshot.wall.time_since_epoch();
    if (!last_) {
      shift_ = wall - at.time_since_epoch();
    } else {
      const base::Duration elapsed = at - last_->at;
      const base::Duration wall_elapsed = wall - last_->wall;
      // Another boot: the clocks disagree by more than an adjustment of the wall clock would.
      const bool is_other_boot = elapsed < base::Duration(0) || elapsed + kMostDoubt < wall_elapsed;
      if (!is_same_run && is_other_boot) shift_ += std::max(wall_elapsed, base::Duration(0)) - elapsed;
    }
    last_ = {at, wall};
    snapshot.at += shift_;
    for (auto& log : snapshot.logs) {
      log.watched_since += shift_;
      if (log.last_match) *log.last_match += shift_;
      if (log.read_until) *log.read_until += shift_;
      for (auto& [name, written] : log.captured_at) written += shift_;
    }
    for (auto& probe : snapshot.probes) {
      if (probe.last_answer) *probe.last_answer += shift_;
    }
  }

 private:
  static constexpr base::Duration kMostDoubt = std::chrono::minutes(2);
  struct Point {
    base::SteadyTime at;
    base::Duration wall;
  };
  std::optional<Point> last_;
  base::Duration shift_{0};
};

}  // namespace guard::history

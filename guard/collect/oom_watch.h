#pragma once
// Which workload each OOM kill of the kernel's log hit. A kill counts for a workload when it happened in its cgroup or
// hit its main process; a run that the kernel ended is then known to have ended so, whoever calls it "signal 9".

#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "guard/sample/snapshot.h"
#include "guard/source/kernel_log.h"

namespace guard {

class OomWatch {
 public:
  // `knows_pids`: the agent's pids are the machine's. In a pid namespace of its own they name other processes there.
  explicit OomWatch(bool knows_pids) : knows_pids_(knows_pids) {}

  // An end within this after a kill of another process of the workload is its consequence: an init that exits with the
  // program that it runs.
  static constexpr std::chrono::seconds kConsequence{10};

  // Kills that were logged since the last call; to be called before the workloads of a tick are looked at.
  void note(std::vector<source::OomKill> kills, base::WallTime wall);
  // Sets the workload's oom_kills_logged, and last_exit where the kernel ended its last run. `cgroup` is its path from
  // the hierarchy's root, "" when unknown.
  void apply(sample::Workload& workload, const std::string& cgroup);
  void forget(const std::string& workload) { known_.erase(workload); }

  // Fills what the host's part tells of OOM kills; `host.oom_kills` is there already.
  void report(sample::Host& host);

 private:
  static constexpr std::size_t kMostKills = 256;  // remembered until every workload has been looked at

  struct Place {
    std::string container_id;
    std::string cgroup;
    std::int64_t pid = 0;
    std::uint64_t starts = 0;
  };
  struct Known {
    std::uint64_t next = 0;  // number of the first kill that it was not compared with
    Place last;
    std::uint64_t kills = 0;
    bool was_idle = false;               // nothing of it ran at the last look
    std::optional<std::uint64_t> ended;  // Lifecycle::starts of the run that a kill hit, until the one after the next
    base::WallTime ended_at;
    bool is_sure = false;  // the kill ended that run: it hit the main process, or the end followed at once
  };
  struct Kill {
    source::OomKill kill;
    std::string workload;
    base::WallTime at;
  };

  [[nodiscard]] bool is_main(const source::OomKill& kill, const Place& place) const;
  void explain_end(sample::Lifecycle& lifecycle, Known& known) const;
  [[nodiscard]] bool is_in(const source::OomKill& kill, const Place& place) const;

  const bool knows_pids_;
  base::WallTime now_;
  std::deque<Kill> kills_;
  std::uint64_t first_ = 0;  // number of kills_.front()
  std::map<std::string, Known, std::less<>> known_;
  std::optional<std::uint64_t> at_start_;  // host.oom_kills
};

// Whether this process sees the machine's own pids.
bool is_first_pid_namespace(const std::string& root);

}  // namespace guard

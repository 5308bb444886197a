#pragma once
// Attributes the OOM kills of the kernel log to workloads. A kill belongs to a workload when it happened in its cgroup
// or hit its main process; the run that it ended then counts as an OOM kill, even when others report "signal 9".

#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "guard/sample/snapshot.h"
#include "guard/source/host/kernel_log.h"

namespace guard {

class OomWatch {
 public:
  // `knows_pids`: the agent is in the host's pid namespace; in its own one, pids name other processes.
  explicit OomWatch(bool knows_pids) : knows_pids_(knows_pids) {}

  // A run that ends within this time after a kill of another process was ended by that kill, such as an init process
  // that exits with its program.
  static constexpr std::chrono::seconds kConsequence{10};

  // Adds the kills logged since the last call. Call it before the workloads of a tick are read.
  void note(std::vector<source::OomKill> kills, base::WallTime wall);
  // Sets oom_kills_logged of the workload, and last_exit when the kernel ended its last run. `cgroup`: path from the
  // root of the hierarchy, "" when unknown.
  void apply(sample::Workload& workload, const std::string& cgroup);
  void forget(const std::string& workload) { known_.erase(workload); }

  // Fills in the OOM kills of the host. REQUIRES: `host.oom_kills` is set.
  void report(sample::Host& host);

 private:
  static constexpr std::size_t kMostKills = 256;  // kept until every workload was compared

  struct Place {
    std::string container_id;
    std::string cgroup;
    std::int64_t pid = 0;
    std::uint64_t starts = 0;
  };
  struct Known {
    std::uint64_t next = 0;   // number of the first kill that was not compared yet
    std::uint64_t since = 0;  // number of the first kill since the workload is known
    Place last;
    std::uint64_t kills = 0;
    bool was_idle = false;               // it was not running at the last call
    std::optional<std::uint64_t> ended;  // Lifecycle::starts of the run that a kill ended, kept for one more run
    base::WallTime ended_at;
    bool is_sure = false;  // the kill hit the main process, or the end followed at once
  };
  struct Kill {
    source::OomKill kill;
    std::string workload;
    base::WallTime at;
  };

  [[nodiscard]] bool is_main(const source::OomKill& kill, const Place& place) const;
  void explain_end(sample::Lifecycle& lifecycle, Known& known) const;
  [[nodiscard]] bool is_in(const source::OomKill& kill, const Place& place) const;
  // A kill that was compared before the place of its run was known: the engine and systemd may report a run after
  // the kernel has logged its end.
  [[nodiscard]] bool is_late_match(const Kill& kill, const Place& now) const;

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

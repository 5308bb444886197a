#pragma once
// What the readings mean: rates, working set, growth, loops. Computed by pure functions from this snapshot, the
// previous one and a bounded history; nothing here reads a clock or a file. Any absent input makes the signal
// absent, and an absent signal never fires a rule.

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/units.h"
#include "guard/sample/reading.h"
#include "guard/sample/snapshot.h"
#include "guard/signal/cleanups.h"

namespace guard::signal {

using sample::Reading;

enum class LeakState { unknown, warming_up, stable, growing, leaking };
std::string_view name_of(LeakState state);
inline bool is_rising(LeakState state) { return state == LeakState::growing || state == LeakState::leaking; }

struct RestartLoop {
  bool looping = false;        // more than `max` restarts within the window
  std::uint64_t restarts = 0;  // within the window
};

struct LogSignal {
  std::string name;
  bool source_up = false;
  bool expected = false;  // has an interval; else it is only counted
  Reading<bool> overdue;  // absent while the log is down or its reader behind, or the workload is not running: keeps
                          // the last known value elsewhere
  // Running time since the last match or since watching began, across restarts; without pauses and time not seen.
  Reading<base::Duration> since_match;
  std::uint64_t matches = 0;
  CleanupEffect cleanups;  // of a line that is expected: what memory did across each
  std::map<std::string, Reading<double>>
      values;  // by capture; absent once older than its line may be, or of a run before
};

struct HealthSignal {
  std::string probe;
  Reading<bool> healthy;  // absent while nothing, nothing fresh or nothing decisive is known
  std::uint64_t failures_in_row = 0;
  std::string why;  // of the last failure; "" after a pass
};

// What users may not fill any more counts as used, the part reserved for root with it.
struct DiskSignal {
  std::string mount;
  Reading<base::Ratio> used;
};

struct WorkloadSignals {
  std::string workload;
  sample::Identity identity;
  sample::State state = sample::State::unknown;

  Reading<base::Bytes> working_set;  // usage − inactive_file, floored at 0
  Reading<base::Bytes>
      unreclaimable;  // anon + shmem + kernel where known, else working set: what `memory` means everywhere
  Reading<base::Bytes> memory_limit;      // the smallest limit in force: workload's, else the host's total
  Reading<base::Ratio> memory_used;       // unreclaimable over limit: page cache that fills a limit is well
  Reading<base::Ratio> working_set_used;  // working set over limit
  Reading<base::Cores> cpu_used;          // cores, over the last interval
  Reading<base::Ratio> cpu_of_limit;      // cpu_used over the cap; absent when there is none
  Reading<base::Ratio> cpu_throttled;     // throttled time over wall time, last interval
  Reading<base::Ratio> memory_pressure;   // "some" stalled time over wall time, last interval
  Reading<base::Ratio> cpu_pressure;      // the same
  Reading<base::Ratio> io_pressure;       // the same
  Reading<double> growth;                 // bytes per second of `unreclaimable`, robust slope over the window
  Reading<base::Duration> time_to_limit;  // Duration::max() when it does not grow or has no limit
  double growth_low = 0;                  // bytes per second; 95 % interval around `growth`, while that is known
  double growth_high = 0;
  Reading<base::Duration> earliest_limit;  // time to limit at growth_high: its lower bound
  LeakState leak = LeakState::unknown;
  std::string leak_evidence;          // text; "" while unknown
  std::uint64_t oom_kills_total = 0;  // since the guard knows the workload, across restarts
  std::uint64_t oom_kills_new = 0;    // in this interval
  std::uint64_t restarts_total = 0;
  RestartLoop restart_loop;
  Reading<std::int64_t> pids;
  std::vector<LogSignal> logs;
  std::vector<HealthSignal> health;  // one a configured probe
  std::vector<DiskSignal> disks;     // the host's mounts, where a rule of this workload asks for them
};

}  // namespace guard::signal

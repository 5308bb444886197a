#pragma once
// The snapshot of one tick: the state and the resources of each workload, the log watches, the health probes, the host,
// and the status of the sources. Immutable once collected; signals are derived from it.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "guard/sample/caps.h"
#include "guard/sample/cgroup.h"
#include "guard/sample/reading.h"
#include "guard/sample/resources.h"
#include "guard/sample/target.h"

namespace guard::sample {

// The state is a reading too: it is unknown while its source is down. A paused workload keeps its memory and caps; its
// log, health and restarts are unknown until it continues.
enum class State { unknown, absent, starting, running, paused, stopped };
std::string_view name_of(State state);

// Why the last run of a workload ended.
enum class ExitReason { none, clean, error, signal, oom_kill };
std::string_view name_of(ExitReason reason);

struct Lifecycle {
  State state = State::unknown;
  std::string why;  // the reason when unknown, or when it failed to start; else ""
  std::optional<base::WallTime> started_at;
  // Counter of starts: since the creation of a container, otherwise since the guard first saw the workload.
  std::uint64_t starts = 0;
  ExitReason last_exit = ExitReason::none;
  int last_exit_code = 0;  // exit status, or 128 + signal
  // Counters since the guard knows the workload: OOM kills in it by the kernel's log, and runs that its service manager
  // calls ended by one. Each may have missed some, and both may tell of the same kill.
  std::uint64_t oom_kills_logged = 0;
  std::uint64_t oom_ends = 0;
};

// Distinguishes reused names and paths: container ID, cgroup inode, or pid and start time. Histories belong to it.
struct Identity {
  std::string key;           // "container:3f2a…", "cgroup:2381", "unit:x.service@4b5c…", "pid:4242@918273"
  std::string container_id;  // 64 hex digits; "" when not a container
  std::string image;
  std::int64_t pid = 0;  // main process; 0 when unknown
  std::string unit{};    // systemd unit: "x.service"; "" when not a unit
  friend bool operator==(const Identity&, const Identity&) = default;
};

// The limits reported by the engine and by the kernel: a cap is in force only when both agree.
struct ObservedCaps {
  Caps kernel;                                    // empty fields: not readable, or no such controller
  std::optional<Caps> engine;                     // containers only
  std::optional<base::Bytes> engine_memory_swap;  // HostConfig.MemorySwap; unlimited() for -1
  bool has_memory_high = false;                   // v2
};

struct Workload {
  std::string name;
  std::string configured_as;  // name of the configured workload; "" when it is `name`
  std::string renamed_from;   // its name in the previous snapshot; "" when unchanged
  std::string only_watched;   // why it is only observed; "" when it is guarded
  TargetKind kind = TargetKind::container;
  Identity identity;
  Lifecycle lifecycle;
  std::optional<Cgroup> cgroup;  // source of the resources; absent for a process tree or when not running
  Resources resources;
  ObservedCaps caps;
};

// The totals of a log watch so far, not the difference to the last tick.
struct LogWatch {
  std::string workload;
  std::string name;
  bool source_up = false;                      // the stream is connected
  std::string why;                             // the reason when not up
  bool is_behind = false;                      // unread lines exist
  std::uint64_t lag_bytes = 0;                 // unread bytes of a file; 0 for other logs
  bool lag_is_known = false;                   // lag_bytes was measured
  base::SteadyTime watched_since;              // lines before this time may have been missed
  std::optional<base::SteadyTime> read_until;  // lines written before this time were counted; absent: all
  std::uint64_t matches = 0;
  std::optional<base::SteadyTime> last_match;
  std::optional<base::WallTime> last_match_wall;
  std::map<std::string, double> captures;               // last number of each named group
  std::map<std::string, base::SteadyTime> captured_at;  // time of each; absent entries: last_match
};

// The results of a health probe so far, not the difference to the last tick.
struct Probe {
  std::string workload;
  std::string name;
  bool able = true;                             // the probe can run; false: out of descriptors, command missing, …
  std::string why;                              // the reason when not able, else the last failure; "" after a pass
  std::optional<base::SteadyTime> last_answer;  // in this run of the workload; absent: unknown
  // Consecutive results up to the last answer, in this run. Failures within start_period are not counted.
  std::uint64_t passes_in_row = 0;
  std::uint64_t failures_in_row = 0;
  std::uint64_t failures = 0;  // counter across runs; without failures within start_period
  base::Duration took{0};      // of the last answer
};

struct Host {
  Reading<base::Bytes> memory_total;
  Reading<base::Bytes> memory_available;
  Reading<base::Bytes> swap_total;
  Reading<base::Bytes> swap_free;
  Reading<double> load1;
  Reading<double> load5;
  Reading<double> load15;
  Reading<int> cores;
  Pressure pressure;
  struct Disk {
    std::string mount;
    base::Bytes size;
    base::Bytes available;
  };
  std::vector<Disk> disks;  // the configured mounts
  struct UnreadMount {
    std::string mount;
    std::string why;
  };
  std::vector<UnreadMount> unread_mounts;  // configured mounts that are not in `disks`

  Reading<std::uint64_t> oom_kills;  // counter in /proc/vmstat: all kills since boot
  std::uint64_t oom_kills_seen = 0;  // counter: kills since the agent started
  struct OomVictim {
    std::int64_t pid = 0;
    std::string process;     // process name
    std::string cgroup;      // "/docker/3f2a…"; "" when unknown
    std::string workload;    // "" when it is not guarded
    bool host_wide = false;  // the host ran out of memory, not a cgroup
    base::WallTime at;
  };
  static constexpr std::size_t kMostVictims = 8;
  std::vector<OomVictim> oom_victims;  // latest victims in the kernel log, oldest first
  std::string kernel_log_why;          // why the kernel log cannot be read; "" when it can
};

struct SourceReport {
  std::string source;  // "engine", "cgroup", "process", "host", …
  bool up = false;
  std::string why;  // when not up
  base::Duration took{0};
  std::uint64_t errors = 0;  // counter
};

struct Snapshot {
  base::SteadyTime at;
  base::WallTime wall;
  std::vector<Workload> workloads;  // in the order of the configuration; a selector may have several
  std::vector<LogWatch> logs;
  std::vector<Probe> probes;
  Host host;
  std::vector<SourceReport> sources;
};

}  // namespace guard::sample

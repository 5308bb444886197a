#pragma once
// One tick's view of everything: what each workload is, whether it runs, what it uses; what the log watches saw;
// the host; and how the sources themselves did. Immutable once collected; signals are computed from it.

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

// Running or not is a reading too: a source that is down makes it unknown. A paused workload holds its memory and its
// caps, and does nothing else: its log, its health and its rules are unknown until it goes on.
enum class State { unknown, absent, starting, running, paused, stopped };
std::string_view name_of(State state);

// Why a workload's last run ended.
enum class ExitReason { none, clean, error, signal, oom_kill };
std::string_view name_of(ExitReason reason);

struct Lifecycle {
  State state = State::unknown;
  std::string why;  // when unknown: the reason; when it was not started: why; else ""
  std::optional<base::WallTime> started_at;
  // Counter: runs begun. Of a container since it was created; of everything else since the guard knows the workload.
  std::uint64_t starts = 0;
  ExitReason last_exit = ExitReason::none;
  int last_exit_code = 0;  // exit status, or 128 + signal
  // Counters since the guard knows the workload: OOM kills in it by the kernel's log, and runs that its service manager
  // calls ended by one. Each may have missed some, and both may tell of the same kill.
  std::uint64_t oom_kills_logged = 0;
  std::uint64_t oom_ends = 0;
};

// Survives reuse of names and paths: container id, cgroup inode, or pid + start time. History is keyed by it.
struct Identity {
  std::string key;           // "container:3f2a…", "cgroup:2381", "unit:x.service@4b5c…", "pid:4242@918273"
  std::string container_id;  // 64 hex digits; "" when it is none
  std::string image;
  std::int64_t pid = 0;  // main process; 0 when unknown
  std::string unit{};    // of systemd: "x.service"; "" when it is none
  friend bool operator==(const Identity&, const Identity&) = default;
};

// The limits as two places report them: a cap holds only when the engine (if there is one) and the kernel agree.
struct ObservedCaps {
  Caps kernel;                                    // an empty field could not be read, or the controller is missing
  std::optional<Caps> engine;                     // containers only
  std::optional<base::Bytes> engine_memory_swap;  // HostConfig.MemorySwap; unlimited() for -1
  bool has_memory_high = false;                   // v2
};

struct Workload {
  std::string name;
  std::string configured_as;  // the configured workload that it is one of; "" when that is `name`
  std::string renamed_from;   // what it was called in the snapshot before; "" for the same
  std::string only_watched;   // why nothing is enforced on it; "" when it is guarded
  TargetKind kind = TargetKind::container;
  Identity identity;
  Lifecycle lifecycle;
  std::optional<Cgroup> cgroup;  // where the resources were read; none for a process tree or what does not run
  Resources resources;
  ObservedCaps caps;
};

// What a log watch has seen so far: totals, not this tick's difference.
struct LogWatch {
  std::string workload;
  std::string name;
  bool source_up = false;                      // the stream delivers (or could: the workload is quiet but connected)
  std::string why;                             // when not up
  bool is_behind = false;                      // lines have been written that were not read yet
  std::uint64_t lag_bytes = 0;                 // so much of a file was written and not read; unknown (0) for other logs
  bool lag_is_known = false;
  base::SteadyTime watched_since;              // no line can be missed that was due before
  std::optional<base::SteadyTime> read_until;  // every line written before has been counted; none: all up to now
  std::uint64_t matches = 0;
  std::optional<base::SteadyTime> last_match;
  std::optional<base::WallTime> last_match_wall;
  std::map<std::string, double> captures;               // last numeric value of each named capture
  std::map<std::string, base::SteadyTime> captured_at;  // when each of them was written; one not here: last_match
};

// What a health probe has found so far: totals and rows, not this tick's difference.
struct Probe {
  std::string workload;
  std::string name;
  bool able = true;  // the guard can ask; it may be out of descriptors, or the command may be missing
  std::string why;   // when not able: the reason; else what the last failure was; "" after a pass
  std::optional<base::SteadyTime> last_answer;  // of this run of the workload; none yet: nothing is known
  // In a row up to the last answer, in this run; one of the two is 0. Failures within start_period are in neither.
  std::uint64_t passes_in_row = 0;
  std::uint64_t failures_in_row = 0;
  std::uint64_t failures = 0;  // counter, across runs; failures within start_period are not counted
  base::Duration took{0};      // the last answer
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
  std::vector<Disk> disks;  // bounded: the mounts asked for
  struct UnreadMount {
    std::string mount;
    std::string why;
  };
  std::vector<UnreadMount> unread_mounts;  // those of them that are not in `disks`

  Reading<std::uint64_t> oom_kills;  // counter of /proc/vmstat: on the whole machine, since it started
  std::uint64_t oom_kills_seen = 0;  // counter: those since the agent was started
  struct OomVictim {
    std::int64_t pid = 0;
    std::string process;     // its name
    std::string cgroup;      // "/docker/3f2a…"; "" when the kernel's log does not say
    std::string workload;    // "" when it is none of ours
    bool host_wide = false;  // the machine was out of memory, not a cgroup at its limit
    base::WallTime at;
  };
  static constexpr std::size_t kMostVictims = 8;
  std::vector<OomVictim> oom_victims;  // the last ones by the kernel's log, oldest first
  std::string kernel_log_why;          // why that log cannot be read; "" when it can, or nobody tried
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
  std::vector<Workload> workloads;  // in configuration order; of one selector there may be several
  std::vector<LogWatch> logs;
  std::vector<Probe> probes;
  Host host;
  std::vector<SourceReport> sources;
};

}  // namespace guard::sample

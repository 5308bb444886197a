#pragma once
// The resource readings of one cgroup (or of a process tree where there is none) at one time. Each is present, or
// absent with its reason. The names are the kernel's; v1 and v2 are mapped to the same fields.

#include <chrono>
#include <cstdint>
#include <optional>

#include "base/clock.h"
#include "base/units.h"
#include "guard/sample/reading.h"

namespace guard::sample {

struct Memory {
  Reading<base::Bytes> usage;          // all charged memory, including page cache
  Reading<base::Bytes> anon;           // heap, stacks, private mappings
  Reading<base::Bytes> file;           // page cache
  Reading<base::Bytes> inactive_file;  // page cache that is reclaimed first; working set = usage − this
  Reading<base::Bytes> shmem;          // tmpfs and shared memory: not reclaimable
  Reading<base::Bytes> kernel;         // not reclaimable: slab, stacks, page tables (v2)
  Reading<base::Bytes> limit;          // memory.max or limit_in_bytes; unlimited() when there is none
  Reading<base::Bytes> high;           // memory.high (v2)
  Reading<base::Bytes> reservation;    // memory.low (v2) or soft_limit_in_bytes (v1)
  Reading<base::Bytes> peak;
  Reading<std::uint64_t> oom_kills;  // counter: processes killed in this cgroup
};

struct Cpu {
  Reading<base::Duration> used;    // counter: CPU time consumed
  Reading<base::Cores> limit;      // quota over period; unlimited() when there is none
  Reading<std::uint64_t> periods;  // counter: enforcement periods that ran
  Reading<std::uint64_t> throttled_periods;
  Reading<base::Duration> throttled;  // counter: time spent throttled
};

struct Pids {
  Reading<std::int64_t> current;
  Reading<std::int64_t> limit;  // INT64_MAX when there is none
};

// Counters of time stalled, from the "total" field of a pressure file.
struct PressureTotals {
  Reading<base::Duration> some;
  Reading<base::Duration> full;
};

struct Pressure {
  PressureTotals memory;
  PressureTotals cpu;
  PressureTotals io;
};

struct Resources {
  Memory memory;
  Cpu cpu;
  Pids pids;
  Pressure pressure;
  // Time of the reading where it is not that of the snapshot: the engine reports every 10 s, and its last report is
  // used until the next.
  std::optional<base::SteadyTime> read_at;
};

}  // namespace guard::sample

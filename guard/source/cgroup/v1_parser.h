#pragma once
// What the files of cgroup v1 say, as values. Pure: text in, value or nullopt out (the text is not in the form
// that the kernel documents). Reading the files is cgroup/tree.cc's.
// Formats: Documentation/admin-guide/cgroup-v1/{memory,cpuacct,pids}.rst and scheduler/sched-bwc.rst.

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/units.h"

namespace guard::source::v1 {

// memory.stat. The total_* lines count the whole subtree, as the limit does; a kernel without hierarchy has only
// the plain ones, which are taken then. A line that is missing is nullopt.
struct MemoryStat {
  std::optional<base::Bytes> anon;  // rss: anonymous memory, huge pages included
  std::optional<base::Bytes> file;  // cache: page cache, shmem included (as v2's `file`)
  std::optional<base::Bytes> inactive_file;
  std::optional<base::Bytes> shmem;
};
MemoryStat parse_memory_stat(std::string_view text);

// memory.limit_in_bytes, memory.soft_limit_in_bytes. "No limit" is LONG_MAX rounded down to a page (whose size
// differs between machines) or, before 3.19, LLONG_MAX: all from 2⁶² on is read as unlimited().
std::optional<base::Bytes> parse_limit(std::string_view text);

// memory.oom_control: its oom_kill counter (since 4.13). Unlike v2's it counts this cgroup alone, not its subtree.
std::optional<std::uint64_t> parse_oom_kills(std::string_view text);

// cpu.cfs_quota_us and cpu.cfs_period_us; a quota of −1 is unlimited().
std::optional<base::Cores> parse_cpu_limit(std::string_view quota_us, std::string_view period_us);

// cpu.stat: nr_periods, nr_throttled, throttled_time (ns).
struct CpuStat {
  std::optional<std::uint64_t> periods;
  std::optional<std::uint64_t> throttled_periods;
  std::optional<base::Duration> throttled;
};
CpuStat parse_cpu_stat(std::string_view text);

// cpuacct.usage: ns.
std::optional<base::Duration> parse_cpu_usage(std::string_view text);

}  // namespace guard::source::v1

#pragma once
// What the files of cgroup v2 say, as values. Pure: text in, value or nullopt out (the text is not in the form
// that the kernel documents). Reading the files is cgroup/tree.cc's.
// Formats: Documentation/admin-guide/cgroup-v2.rst and Documentation/accounting/psi.rst.

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/units.h"

namespace guard::source::v2 {

// memory.stat, which counts the whole subtree. A line that is missing is nullopt.
struct MemoryStat {
  std::optional<base::Bytes> anon;
  std::optional<base::Bytes> file;  // page cache, shmem included
  std::optional<base::Bytes> inactive_file;
  std::optional<base::Bytes> shmem;
  // The `kernel` line (since 5.18), else the sum of the kinds that older kernels tell one by one: slab,
  // kernel_stack, pagetables, percpu, sock, vmalloc.
  std::optional<base::Bytes> kernel;
};
MemoryStat parse_memory_stat(std::string_view text);

// memory.max, memory.high, memory.low: bytes, or "max" for unlimited().
std::optional<base::Bytes> parse_limit(std::string_view text);

// memory.events: its oom_kill counter, of the whole subtree. The `oom` line counts limits that were hit, not deaths.
std::optional<std::uint64_t> parse_oom_kills(std::string_view text);

// cpu.max: "80000 100000" (0.8 cores) or "max 100000".
std::optional<base::Cores> parse_cpu_limit(std::string_view text);

// cpu.stat. Without the cpu controller only usage_usec (and its parts) is there.
struct CpuStat {
  std::optional<base::Duration> used;
  std::optional<std::uint64_t> periods;
  std::optional<std::uint64_t> throttled_periods;
  std::optional<base::Duration> throttled;
};
CpuStat parse_cpu_stat(std::string_view text);

}  // namespace guard::source::v2

#pragma once
// What the kernel says about this process and its cgroup: memory really resident against the bytes accounted,
// CPU, files, limits. For the process_* metrics, /admin/memory, and the defaults that follow the machine's caps.

#include <cstdint>
#include <filesystem>
#include <optional>

#include "base/clock.h"
#include "base/units.h"

namespace chatcore {

// Absent fields could not be read (no /proc in a sandbox); missing is not zero.
struct ProcessReading {
  std::optional<base::Bytes> resident;
  std::optional<base::Bytes> virtual_memory;
  std::optional<base::Duration> cpu;  // user and system, since the start
  std::optional<base::WallTime> started;
  std::optional<std::int64_t> open_files;
  std::optional<std::int64_t> max_files;
  std::optional<std::int64_t> threads;
};

struct CgroupReading {
  std::optional<base::Bytes> memory_usage;
  std::optional<base::Bytes> working_set;               // usage without the page cache that nobody uses
  base::Bytes memory_limit = base::Bytes::unlimited();  // the least of this cgroup and those above it
  base::Cores cpu_limit = base::Cores::unlimited();     // likewise
};

// `root` stands in for "/" in tests.
ProcessReading read_process(const std::filesystem::path& root = "/");
// The part of the resident memory that is no file's: heap and stacks.
std::optional<base::Bytes> read_anonymous_memory(const std::filesystem::path& root = "/");
// Understands cgroup v1, v2 and hosts that mount both. Inside a container without a cgroup namespace
// /proc/self/cgroup names a path that is not mounted there; then the mount's own root is the container's cgroup. What
// is not mounted at all still counts on v1, whose memory.stat tells the least limit on the way up; on v2 nothing tells
// it. memory.high counts as a limit: without swap, a program above it stands still.
CgroupReading read_cgroup(const std::filesystem::path& root = "/");

}  // namespace chatcore

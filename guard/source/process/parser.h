#pragma once
// What /proc/PID/stat, /proc/PID/status and cgroup.procs say, as values. Pure. Formats: proc(5).

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "base/units.h"

namespace guard::source {

// Times are in clock ticks (sysconf(_SC_CLK_TCK) a second).
struct ProcessStat {
  std::int64_t pid = 0;
  char state = '?';  // 'Z': has ended and waits to be reaped
  std::int64_t parent = 0;
  std::int64_t user_ticks = 0;
  std::int64_t system_ticks = 0;
  std::int64_t waited_user_ticks = 0;  // of children waited for
  std::int64_t waited_system_ticks = 0;
  std::uint64_t start_ticks = 0;  // since boot
};
// The command's name may hold anything, ")" and spaces and line ends too: the fields are counted from the last ")".
std::optional<ProcessStat> parse_process_stat(std::string_view text);

struct ProcessMemory {
  base::Bytes anon;
  base::Bytes file;
  base::Bytes shmem;
};
// The Rss* lines of status. nullopt when there are none: a kernel thread, or a process that has ended.
std::optional<ProcessMemory> parse_process_status(std::string_view text);

// The real user of /proc/PID/status: that folder's own owner is root for a process that may not be dumped.
std::optional<std::uint32_t> parse_process_owner(std::string_view text);

// The process that a thread belongs to: its own id for a process. Also of /proc/PID/status, which exists for each
// thread's id.
std::optional<std::int64_t> parse_process_leader(std::string_view text);

// cgroup.procs: a pid a line, which the kernel neither sorts nor keeps from repeating: here ascending, each once.
// 0 stands for a process outside of our pid namespace and is left out.
std::vector<std::int64_t> parse_pids(std::string_view text);

}  // namespace guard::source

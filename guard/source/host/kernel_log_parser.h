#pragma once
// What the kernel's log says of OOM kills, record by record, as values. Pure. Formats:
// Documentation/ABI/testing/dev-kmsg, mm/oom_kill.c (dump_oom_summary, __oom_kill_process).

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace guard::source {

// One record of /dev/kmsg, "6,1234,5678901,-;text", without the lines of its dictionary. nullopt for another form, and
// for what the kernel has not written itself: programs may write there too.
std::optional<std::string_view> parse_kernel_record(std::string_view record);

// "oom-kill:constraint=CONSTRAINT_MEMCG,…,task_memcg=/docker/3f2a,task=python3,pid=4242,uid=0": whom the kernel chose.
struct OomChoice {
  std::int64_t pid = 0;
  std::string cgroup;      // "" when it cannot be told for certain: names may hold commas
  bool host_wide = false;  // no cgroup's limit was met: CONSTRAINT_NONE and the like
};
std::optional<OomChoice> parse_oom_choice(std::string_view text);

// "Out of memory: Killed process 4242 (python3) total-vm:…", "Memory cgroup out of memory: Killed process …": one
// process that was killed. The choice comes before, or not at all: the kernel limits its rate, and kills whole groups.
struct OomKilled {
  std::int64_t pid = 0;
  std::string process;
  std::optional<bool> host_wide;  // older kernels do not say
};
std::optional<OomKilled> parse_oom_killed(std::string_view text);

}  // namespace guard::source

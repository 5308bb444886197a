#pragma once
// The agent keeps cgroup files open between ticks (about 15 a workload), more than a shell's usual soft limit of 1024
// allows. Its children get the limit back that the agent was started with.

#include <cstdint>
#include <optional>

namespace agent {

// Raises the soft limit of open files to the hard one. Once, early in main.
void raise_file_limit();
// What it was before; nothing when it was not raised.
std::optional<std::uint64_t> original_file_limit();
// Sets the soft limit. Async-signal-safe, for a child between fork and exec.
void restore_file_limit(std::optional<std::uint64_t> limit);

}  // namespace agent

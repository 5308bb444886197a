#pragma once
// The agent keeps cgroup files open between ticks (about 15 a workload), more than a shell's usual soft limit of 1024
// allows. Its children get the limit back that the agent was started with.

namespace agent {

// Raises the soft limit of open files to the hard one. Once, early in main.
void raise_file_limit();
// Sets what it was before. Async-signal-safe, for a child between fork and exec.
void restore_file_limit();

}  // namespace agent

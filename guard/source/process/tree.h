#pragma once
// A workload without a cgroup of its own: one process and its descendants, read from /proc. Coarser than a
// cgroup (shared pages are counted once for each process, a child that double-forked away is lost), but needs no
// rights and works everywhere.

#include <cstdint>
#include <string>

#include "base/result.h"
#include "guard/sample/resources.h"
#include "guard/source/fs.h"

namespace guard::source {

// A process is one incarnation of a pid: "pid:4242@918273", the start time in clock ticks since boot.
// Errors: not_found (no such process), permission_denied, corrupt.
base::Result<std::string> process_identity(const std::string& root, std::int64_t pid,
                                           const SmallFiles& files = SmallFiles::system());

// Reads the process and its descendants, at most 4096 of them:
//  - memory: usage (resident set), anon, file, shmem; every other field is absent, "no cgroup";
//  - cpu.used: user and system time of all, and of the children they have waited for. A child that nobody waits
//    for takes its share with it, so this counter may run backwards: a new history then;
//  - pids.current: the number of processes.
// A process that ends while we read is left out. Without the first process every reading is absent.
sample::Resources read_process_tree(const std::string& root, std::int64_t pid,
                                    const SmallFiles& files = SmallFiles::system());

}  // namespace guard::source

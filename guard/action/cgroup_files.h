#pragma once
// Writes cgroup files: limits, a cgroup for a child process, moving and killing the processes in a cgroup. Folders come
// as sample::Cgroup (from guard/source/cgroup/tree.h); nothing is searched here.
//
// Thread-safe. apply_caps, attach and create_child_cgroup usually take microseconds, but a limit below the memory in
// use makes the kernel reclaim for seconds, so call them on a worker. kill_all and reclaim block until their deadline
// or the kernel's.
//
// Errors: not_found (the cgroup is gone), permission_denied, unavailable (EBUSY, EAGAIN), invalid_argument (missing
// controller, refused value). Each names the file and the value.

#include <chrono>
#include <cstdint>
#include <string_view>

#include "base/result.h"
#include "base/units.h"
#include "guard/sample/caps.h"
#include "guard/sample/cgroup.h"

namespace guard::action {

// Writes the fields that are set; unlimited() (for pids INT64_MAX) removes a limit. Continues after a failure, and the
// error names all fields that failed. Soft limits are written first, so that the kernel reclaims before the hard limit
// is lowered. v1 refuses a memory limit that it cannot reach (unavailable); v2 accepts it and kills. A field without a
// controller (memory_high on v1) is invalid_argument.
base::Status apply_caps(const sample::Cgroup& cgroup, const sample::Caps& caps);

// Creates the folder `name` (without a slash) below the parent in each of its hierarchies, or uses the existing one. On
// v2 the parent delegates its controllers (cgroup.subtree_control), which the kernel forbids while it contains
// processes: this process then moves to the leaf `leakguard-agent`. Other processes in the parent are an error
// (unavailable), and nothing is left behind.
base::Result<sample::Cgroup> create_child_cgroup(const sample::Cgroup& parent, std::string_view name);

// Moves a process, with all its threads, into the cgroup; pid 0 is the calling process.
base::Status attach(const sample::Cgroup& cgroup, std::int64_t pid);

// Sends SIGKILL to all processes in the cgroup and below until none is left: by cgroup.kill where available (v2, Linux
// 5.14), otherwise repeatedly, since a forking process can escape one round. Errors: deadline_exceeded (processes stuck
// in the kernel). Success when the cgroup is gone.
base::Status kill_all(const sample::Cgroup& cgroup, std::chrono::milliseconds deadline);

// Removes the folder and its subfolders from each hierarchy. Errors: unavailable while it contains processes. Success
// when it is gone.
base::Status remove(const sample::Cgroup& cgroup);

// Reclaims up to `amount` (v2, memory.reclaim, Linux 5.19). Errors: unavailable when less was reclaimed.
base::Status reclaim(const sample::Cgroup& cgroup, base::Bytes amount);

}  // namespace guard::action

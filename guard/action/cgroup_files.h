#pragma once
// Writes to the kernel's cgroup files: limits, a cgroup for a child, moving and killing what is in one. Every folder
// comes in a sample::Cgroup (made by guard/source/cgroup_tree.h), so nothing here searches for anything.
//
// All functions are thread-safe. apply_caps, attach and create_child_cgroup take microseconds as a rule, but a limit
// below what is in use makes the kernel reclaim first (seconds): call them from a worker. kill_all and reclaim may
// block until their deadline or the kernel's: from a worker only.
//
// Errors: not_found (the cgroup is gone), permission_denied, unavailable (EBUSY, EAGAIN: the kernel cannot now),
// invalid_argument (a controller that is missing, a value that the kernel refuses); each names the file and value.

#include <chrono>
#include <cstdint>
#include <string_view>

#include "base/result.h"
#include "base/units.h"
#include "guard/sample/caps.h"
#include "guard/sample/cgroup.h"

namespace guard::action {

// Writes the fields that are set; unlimited() (for pids INT64_MAX) takes a limit away. Goes on after a failure, so
// that one refused field does not keep the others from their caps; the error names all that failed. Soft limits go
// first, so that the kernel reclaims gently before the hard one is lowered. v1 refuses a memory limit that it cannot
// reclaim down to (unavailable); v2 takes it and kills. A caps field without a controller (memory_high on v1) is
// invalid_argument.
base::Status apply_caps(const sample::Cgroup& cgroup, const sample::Caps& caps);

// Makes the folder `name` (no slash) below the parent in each of its hierarchies, or takes the one that is there.
// On v2 the parent hands its controllers down (cgroup.subtree_control), which the kernel forbids while processes
// live in it: this process then moves to a leaf of its own, `leakguard-agent`, beside the child. Other processes in
// the parent make it unavailable, and nothing is left behind.
base::Result<sample::Cgroup> create_child_cgroup(const sample::Cgroup& parent, std::string_view name);

// Moves a process, with all its threads, into the cgroup; pid 0 is the calling process.
base::Status attach(const sample::Cgroup& cgroup, std::int64_t pid);

// SIGKILL to everything in the cgroup and below, until nothing is left: cgroup.kill where there is one (v2 since 5.14),
// else again and again, since what forks may slip through one round. deadline_exceeded when processes are left (stuck
// in the kernel). A cgroup that is gone counts as done.
base::Status kill_all(const sample::Cgroup& cgroup, std::chrono::milliseconds deadline);

// Removes the folder, and those below it, from each hierarchy. unavailable while processes live there; one that is gone
// counts as done.
base::Status remove(const sample::Cgroup& cgroup);

// Asks the kernel to take back so many bytes of what can be had again (v2, memory.reclaim, since 5.19). unavailable
// when it found less.
base::Status reclaim(const sample::Cgroup& cgroup, base::Bytes amount);

}  // namespace guard::action

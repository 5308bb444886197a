#pragma once
// Brings a workload's memory below a cap before the cap is written. cgroup v2 takes any memory.max and kills at once
// what does not fit; v1 refuses such a limit itself.

#include <chrono>

#include "base/result.h"
#include "base/units.h"
#include "guard/sample/cgroup.h"
#include "guard/sample/resources.h"

namespace guard::action {

// Has the kernel take memory back (memory.reclaim; before Linux 5.19 memory.high, put back afterwards) until no more
// than `cap` is charged, for at most `deadline`. Success too when what is left over the cap is page cache, which the
// kernel drops by itself when the limit is written, and on v1. Errors: conflict, permanent (more than the cap is in
// use; the message has both numbers), not_found (the cgroup is gone). Blocks: from a worker only.
base::Status approach_memory_cap(const sample::Cgroup& cgroup, base::Bytes cap,
                                 std::chrono::milliseconds deadline = std::chrono::seconds(5));

// The same question where only the engine's statistics can be read: nothing is taken back, and doubt refuses.
// Errors: conflict, permanent (more is in use), unavailable (the statistics do not tell).
base::Status fits_memory_cap(const sample::Memory& memory, base::Bytes cap);

}  // namespace guard::action

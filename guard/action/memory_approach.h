#pragma once
// Lowers the memory of a workload below a cap before the cap is written: cgroup v2 accepts any memory.max and kills at
// once what does not fit. v1 refuses such a limit.

#include <chrono>

#include "base/result.h"
#include "base/units.h"
#include "guard/sample/cgroup.h"
#include "guard/sample/resources.h"

namespace guard::action {

// Reclaims memory (memory.reclaim; before Linux 5.19 by lowering memory.high, restored afterwards) until at most `cap`
// is charged, for at most `deadline`. Also succeeds when the excess is page cache, which the kernel drops when the
// limit is written, and on v1. Errors: conflict, permanent (more than the cap is in use; the message has both numbers),
// not_found (the cgroup is gone). Blocks: use a worker.
base::Status approach_memory_cap(const sample::Cgroup& cgroup, base::Bytes cap,
                                 std::chrono::milliseconds deadline = std::chrono::seconds(5));

// The same check by the engine's statistics only: reclaims nothing, and refuses when unknown. Errors: conflict,
// permanent (more is in use), unavailable (not reported).
base::Status fits_memory_cap(const sample::Memory& memory, base::Bytes cap);

}  // namespace guard::action

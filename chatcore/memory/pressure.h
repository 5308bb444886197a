#pragma once
// Decides what the budget's limit should be from what the kernel measures. The accounts are an estimate: allocators
// keep freed memory, libraries allocate unseen, another process may share the cgroup. So the resident size is watched
// against the accounted one, and the cgroup's working set against its limit; when either says that memory goes faster
// than the accounts explain, the limit is tightened until it holds, and loosened slowly when all has been calm.
//
// Pure: times and readings are arguments. A reading that is missing tightens nothing.

#include <chrono>
#include <optional>

#include "base/clock.h"
#include "base/units.h"

namespace chatcore::memory {

struct PressureOptions {
  // Resident memory was measured at 1.0 to 1.9 times the accounted bytes (docs/measurements.md), and besides them come
  // the database's page cache, pages that the allocator has yet to give back, and threads.
  double explained_ratio = 1.9;
  base::Bytes slack = base::mebibytes(48);
  base::Ratio near_limit{0.85};                             // of the cgroup's limit: from here on memory is tight
  base::Ratio calm{0.75};                                   // below, it is not
  base::Ratio cut{0.85};                                    // one step tightens to so much of what is held
  base::Ratio least{0.125};                                 // of the configured budget: never tighter
  base::Ratio step_up{0.125};                               // of the configured budget: one step of loosening
  base::Duration between_cuts = std::chrono::seconds(2);    // what was evicted must have time to show
  base::Duration between_steps = std::chrono::seconds(30);  // of calm, before each step of loosening
};

struct MemoryReading {
  std::optional<base::Bytes> resident = {};     // anonymous memory of this process
  base::Bytes accounted = {};                   // Budget::used()
  std::optional<base::Bytes> working_set = {};  // of the cgroup
  base::Bytes cgroup_limit = base::Bytes::unlimited();
};

enum class PressureCause { none, drift, near_limit, calm };

struct PressureVerdict {
  base::Bytes limit;                          // to be in force from now on
  PressureCause cause = PressureCause::none;  // none: as before
};

// Use from one thread at a time.
class Pressure {
 public:
  // An unlimited budget is never tightened: it was switched off on purpose.
  Pressure(PressureOptions options, base::Bytes configured);

  // The first reading that has a resident size tells what the program weighs without conversations.
  PressureVerdict look(base::SteadyTime now, const MemoryReading& reading);

  [[nodiscard]] base::Bytes limit() const { return limit_; }
  // Resident bytes beyond the first reading for each accounted byte, of the last reading; absent while fewer than a
  // mebibyte is accounted, where it means nothing.
  [[nodiscard]] std::optional<double> ratio() const { return ratio_; }

 private:
  [[nodiscard]] bool has_drifted(const MemoryReading& reading, double part) const;
  PressureVerdict tighten(base::SteadyTime now, const MemoryReading& reading, PressureCause cause);
  PressureVerdict loosen(base::SteadyTime now, const MemoryReading& reading);

  const PressureOptions options_;
  const base::Bytes configured_;
  base::Bytes limit_;
  std::optional<base::Bytes> baseline_;
  std::optional<double> ratio_;
  std::optional<base::SteadyTime> last_cut_;
  std::optional<base::SteadyTime> calm_since_;
};

}  // namespace chatcore::memory

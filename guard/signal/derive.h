#pragma once
// From readings to signals: one call a workload a tick. The second step of a sample's way (collect → derive →
// evaluate). Time comes in with the snapshot; all memory of earlier ticks is in WorkloadHistory, which is bounded.

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/units.h"
#include "guard/sample/snapshot.h"
#include "guard/signal/cleanups.h"
#include "guard/signal/growth.h"
#include "guard/signal/running_time.h"
#include "guard/signal/runs.h"
#include "guard/signal/signals.h"

namespace guard::signal {

// A line that the workload's log is to show again and again.
struct LogExpectation {
  std::string name;
  std::optional<base::Duration> every;             // none: counted only, never overdue
  base::Duration grace = std::chrono::minutes(5);  // added to `every` before it is overdue
};

// A health probe's answers, and from when on they count.
struct HealthExpectation {
  std::string name;
  std::uint64_t failures = 3;                         // so many in a row make it unhealthy
  std::uint64_t successes = 1;                        // so many in a row make it healthy again
  base::Duration max_age = std::chrono::seconds(30);  // an answer older than this is none
};

struct SignalSettings {
  bool leak_enabled = true;  // off: growth, time to limit and leak state are absent
  base::Duration growth_window = std::chrono::minutes(10);
  RestartLimit restarts;
  std::vector<LogExpectation> logs;
  std::vector<HealthExpectation> health;
  bool disks = false;  // a rule asks for the host's disks
};

// What the signals of one workload remember from tick to tick. Start with an empty one when the workload enters the
// configuration, keep it while the workload's containers come and go, drop it with the workload. Copyable: a recheck
// derives from a copy, so that the real history moves on
// once a tick.
struct WorkloadHistory {
  // Readings closer than this repeat the last rates instead of dividing by next to nothing (a recheck right after
  // the tick, a kernel event between two ticks).
  static constexpr base::Duration kMinInterval = std::chrono::milliseconds(200);

  // A counter as it was last known, and when it was read: what its rate is measured from. A tick without a reading
  // leaves it, so that the next rate spans the gap.
  struct Counter {
    base::Duration value;
    base::SteadyTime at;
  };
  struct Reference {
    std::string identity;  // Identity::key
    std::uint64_t starts = 0;
    std::optional<Counter> cpu_used;
    std::optional<Counter> cpu_throttled;
    std::optional<Counter> memory_pressure;
    std::optional<Counter> cpu_pressure;
    std::optional<Counter> io_pressure;
  };
  struct Rates {
    Reading<base::Cores> cpu_used = Reading<base::Cores>::absent("needs a second reading");
    Reading<base::Ratio> cpu_throttled = Reading<base::Ratio>::absent("needs a second reading");
    Reading<base::Ratio> memory_pressure = Reading<base::Ratio>::absent("needs a second reading");
    Reading<base::Ratio> cpu_pressure = Reading<base::Ratio>::absent("needs a second reading");
    Reading<base::Ratio> io_pressure = Reading<base::Ratio>::absent("needs a second reading");
  };
  std::optional<Reference> reference;
  Rates rates;
  GrowthTracker growth;
  RunHistory runs;
  RunningTime running;  // what an expected log line is judged on
  OomHistory oom;
  std::map<std::string, CleanupTracker> cleanups;  // by expected log; bounded by the settings
  std::map<std::string, bool> healthy;  // by probe: what was last decided in this run; bounded by the configuration
};

// The signals of `workload`, which is one of `snapshot.workloads`; moves `history` on to this snapshot. The log signals
// are those of `settings.logs`, in that order, and so the health signals. Not thread-safe for one history. Takes a few
// microseconds.
WorkloadSignals derive_signals(const sample::Snapshot& snapshot, const sample::Workload& workload,
                               const SignalSettings& settings, WorkloadHistory& history);

}  // namespace guard::signal

#pragma once
// Start here. Guard::tick takes one sample through collect → derive → evaluate → recheck → act → record. The Enforcer
// does the last three steps.
//
// The guard owns no clock, file or socket: the Collector, the Executor, the journal and the clock are passed in, so a
// simulation runs months of guarding in seconds. Single-threaded, no locks. Unknown never enforces: an absent reading
// fires no rule, and a decision that is not confirmed by the recheck is dropped.

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "guard/collect/collector.h"
#include "guard/config/config.h"
#include "guard/enforce/action_log.h"
#include "guard/enforce/dependent_restarts.h"
#include "guard/enforce/enforcer.h"
#include "guard/enforce/executor.h"
#include "guard/enforce/workload_state.h"
#include "guard/history/journal_writer.h"
#include "guard/sample/snapshot.h"
#include "guard/signal/signals.h"
#include "guard/telemetry/report.h"

namespace guard {

// All must outlive the guard.
struct GuardParts {
  Collector& collector;
  Executor& executor;
  history::JournalWriter& journal;
  const base::Clock& clock;
};

// An enforcing action by an earlier agent, from its journal.
struct PastAction {
  std::string workload;
  std::string rule;
  base::WallTime at;
  std::size_t step = 0;  // step of the rule's escalation, from 1; 0 for none
};

class Guard {
 public:
  Guard(const config::Config& config, GuardParts parts);
  Guard(const Guard&) = delete;  // its parts refer to each other
  Guard& operator=(const Guard&) = delete;

  // One tick. `missed`: number of ticks skipped before this one because the loop was late.
  void tick(int missed);

  // For a replay whose samples are farther apart than the configured interval: the gap that a held condition survives
  // is derived from this interval instead.
  void expect_every(base::Duration interval);

  // Whether an action is in progress whose completion this guard must receive.
  [[nodiscard]] bool is_acting() const;

  // State after the last tick, including actions since then.
  [[nodiscard]] const telemetry::Report& report() const { return report_; }

  // Called on the guard's thread with each decision once its outcome is known.
  void on_action(ActionLog::Listener listener) { log_.on_action(std::move(listener)); }

  // Restores the stop latch of a workload that an earlier agent stopped: no rule acts on it until it runs again.
  void latch(const std::string& workload, telemetry::PolicyReport::StopLatch stop_latch);
  // All stop latches, including those of workloads that have not been seen yet.
  [[nodiscard]] std::map<std::string, telemetry::PolicyReport::StopLatch> stop_latches() const;
  // Restores an action of an earlier agent: it counts for the rate limit and starts its rule's cool-down. Call it
  // oldest first; an action in the future is ignored.
  void remember(const PastAction& action);

  // For a reload: takes over the state of `previous` (histories of workloads with the same name and target, and all
  // counters), which must not be used afterwards. The action listener stays this guard's own.
  void inherit(Guard& previous);
  void note_reload(bool succeeded);

 private:
  // Restored state of workloads that have not been seen yet: the engine reports its containers only after a while.
  struct Past {
    std::vector<PastAction> actions;
    std::optional<telemetry::PolicyReport::StopLatch> stop_latch;
  };
  // The state of the workload in this reading, which may be new or renamed; null when it is not configured.
  WorkloadState* recognize(const sample::Workload& workload);
  WorkloadState& watch(const std::string& name, const config::WorkloadConfig& configured);
  void restore_past(WorkloadState& state);
  // Drops workloads that have been absent for long.
  void forget_absent(base::SteadyTime now);
  // One workload in this tick.
  struct Observation {
    WorkloadState* state;
    const sample::Workload* workload;
    signal::WorkloadSignals signals;
  };
  std::vector<Observation> derive(const sample::Snapshot& snapshot);
  // The decisions for each observation.
  std::vector<std::vector<policy::Decision>> evaluate(const sample::Snapshot& snapshot,
                                                      const std::vector<Observation>& observations);
  std::vector<policy::Decision> evaluate(const Observation& observation, const DependentRestarts::View& view,
                                         base::SteadyTime now);
  void update_suppressions(const Observation& observation, const sample::Snapshot& snapshot,
                           const DependentRestarts::View& view);
  void build_report(const sample::Snapshot& snapshot, const std::vector<Observation>& observations, int missed);
  [[nodiscard]] std::vector<std::string> names_being_restarted() const;
  WorkloadState* find(const std::string& workload);

  GuardParts parts_;
  const bool dry_run_;
  base::Duration max_gap_;
  std::vector<config::WorkloadConfig> configured_;
  std::string stop_marker_folder_;                               // of the agent; "" without a state folder
  std::map<std::string, WorkloadState, std::less<>> workloads_;  // by name; bounded by the collector
  std::map<std::string, Past, std::less<>> past_;                // by workload
  std::map<std::string, std::string, std::less<>> renamed_;      // by old name: actions in progress still use it
  telemetry::Report report_;
  ActionLog log_;
  Enforcer enforcer_;
  DependentRestarts dependent_restarts_;
};

}  // namespace guard

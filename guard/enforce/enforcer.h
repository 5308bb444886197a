#pragma once
// Steps 4 to 6: recheck → act → record. A decision is not carried out when it is suppressed (stop latch, maintenance
// window, dependency, action rate limit), superseded by another rule, no longer true at the recheck, or in a dry run.
// Each of these outcomes is recorded.

#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "guard/enforce/action_log.h"
#include "guard/enforce/executor.h"
#include "guard/enforce/workload_state.h"

namespace guard {

// All must outlive the enforcer.
struct EnforcerParts {
  std::function<sample::Snapshot(const std::string& workload)> collect_one;  // for the recheck
  Executor& executor;
  const base::Clock& clock;
  ActionLog& log;
  telemetry::Report& report;
  bool dry_run = false;
};

class Enforcer {
 public:
  // Maximum number of actions in progress at a time; they may be slow (a drain, a busy engine). Further ones are queued
  // and rechecked when they start, not when they are queued.
  static constexpr int kMostAtOnce = 8;
  // The same for caps. Further ones are not queued, since the next tick decides on them again.
  static constexpr int kMostCapsAtOnce = 4;

  struct Listeners {
    std::function<WorkloadState*(const std::string& workload)> find;  // null when it is not configured any more
    // Called once with the outcome of each decision.
    std::function<void(const policy::Decision& decision, telemetry::Outcome outcome)> on_end;
  };

  Enforcer(EnforcerParts parts, Listeners listeners) : parts_(parts), listeners_(std::move(listeners)) {}

  // Takes the decisions of one workload in one tick through recheck, act and record.
  void enforce(WorkloadState& state, std::vector<policy::Decision> decisions);

 private:
  struct Suppressed {
    policy::Suppression by;
    std::string why;
  };
  // Result of the reading right before an action.
  struct Recheck {
    bool holds = false;
    sample::Workload workload;
  };

  // An action in progress, and its workload at the recheck.
  struct Act {
    std::uint64_t number = 0;
    base::SteadyTime began;
    policy::Decision decision;
    sample::Workload target;
  };
  // A decision that waits until fewer than kMostAtOnce actions are in progress; its workload counts as being acted on.
  struct Queued {
    std::string workload;
    policy::Decision decision;
  };

  void suppress(WorkloadState& state, const std::vector<policy::Decision>& firing, const Suppressed& suppressed);
  void arbitrate(WorkloadState& state, policy::Decision decision);
  void start(WorkloadState& state, policy::Decision decision);
  void start_caps(WorkloadState& state, policy::Decision decision);
  void on_done(const Act& act, const base::Result<std::string>& result);
  void on_caps_done(const Act& act, const base::Result<std::string>& result);
  void start_waiting(WorkloadState& state);
  void start_queued();
  void record_suppressed(WorkloadState& state, policy::Decision decision, telemetry::Outcome outcome,
                         const std::string& why);
  void record(WorkloadState& state, const Act& act, telemetry::Outcome outcome, std::string result);
  [[nodiscard]] std::optional<Suppressed> find_suppression(const WorkloadState& state, const policy::Decision& decision,
                                                           policy::Strength strength) const;
  [[nodiscard]] Recheck recheck(const WorkloadState& state, const policy::Decision& decision);

  EnforcerParts parts_;
  Listeners listeners_;
  int under_way_ = 0;         // of kMostAtOnce
  int caps_under_way_ = 0;    // of kMostCapsAtOnce
  std::deque<Queued> queue_;  // bounded by the workloads: each has at most one
};

}  // namespace guard

#pragma once
// Start here. Guard::tick is a sample's way: collect → derive → evaluate → recheck → act → record.
//
// The guard owns no clock, file or socket of its own: eyes (Collector), hands (Hands), the journal and the clock are
// given to it, so that a simulation can run months of it in seconds. It lives on one thread; nothing here locks.
// Doubt never enforces: what could not be read fires no rule, and what is no longer true at the second look is not
// acted on.

#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "guard/collector.h"
#include "guard/config/config.h"
#include "guard/hands.h"
#include "guard/history/journal.h"
#include "guard/telemetry/report.h"

namespace guard {

// All must outlive the guard.
struct GuardParts {
  Collector& collector;
  Hands& hands;
  history::Journal& journal;
  const base::Clock& clock;
};

class Guard {
 public:
  Guard(const config::Config& config, GuardParts parts);

  // One tick. `missed` are the beats before this one that were skipped since the loop was late.
  void tick(int missed);

  // What was known after the last tick and what has been done since.
  [[nodiscard]] const telemetry::Report& report() const { return report_; }

  // Called on the guard's thread with each decision once its outcome is known.
  void on_action(std::function<void(const telemetry::ActionRecord&)> listener) { listener_ = std::move(listener); }

  // Takes over what the guard before it remembered: histories of workloads that kept their name and target, and
  // everything counted. The listener stays this guard's own. For a reload; `previous` is of no use afterwards.
  void inherit(Guard& previous);
  void note_reload(bool succeeded);

 private:
  // One configured workload and all that is remembered of it.
  struct Watched {
    config::WorkloadConfig config;
    signal::SignalSettings settings;
    signal::WorkloadHistory history;
    policy::RuleStates rules;
    std::uint64_t restarts_counted = 0;
    std::map<std::string, std::uint64_t> restarts_by_reason;
    std::map<std::string, sample::Reading<bool>> overdue;  // the last known answer, by log
    bool acting = false;                                   // an action is under way: one at a time
    std::deque<policy::Decision> waiting;                  // what else fired meanwhile; bounded by rules × actions
    std::map<std::string, base::SteadyTime> acted_at;      // by rule: when its last action began
    std::optional<base::SteadyTime> caps_retry_at;         // caps that were refused are not tried again every tick
  };
  // What the second look, right before an action, found.
  struct Recheck {
    bool holds = false;
    sample::Workload workload;
  };

  telemetry::WorkloadReport judge(Watched& watched, const sample::Snapshot& snapshot, const sample::Workload& workload);
  void carry_out(Watched& watched, policy::Decision decision);
  void carry_out_waiting(const std::string& workload);
  [[nodiscard]] Recheck look_again(const Watched& watched, const policy::Decision& decision);
  telemetry::ActionRecord& record(policy::Decision decision);
  void finish(std::uint64_t number, telemetry::Outcome outcome, std::string result, base::SteadyTime began);
  void write(const telemetry::ActionRecord& action);
  [[nodiscard]] bool is_resting(const Watched& watched, const policy::Decision& decision) const;
  Watched* find(const std::string& workload);

  GuardParts parts_;
  const bool dry_run_;
  const base::Duration max_gap_;
  std::vector<Watched> watched_;
  telemetry::Report report_;
  std::uint64_t decisions_ = 0;
  std::function<void(const telemetry::ActionRecord&)> listener_;
};

}  // namespace guard

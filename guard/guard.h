#pragma once
// Start here. Guard::tick is a sample's way: collect → derive → evaluate → recheck → act → record. The last three are
// the Enforcer's.
//
// The guard owns no clock, file or socket of its own: eyes (Collector), hands (Hands), the journal and the clock are
// given to it, so that a simulation can run months of it in seconds. It lives on one thread; nothing here locks.
// Doubt never enforces: what could not be read fires no rule, and what is no longer true at the second look is not
// acted on.

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "guard/action_log.h"
#include "guard/collector.h"
#include "guard/config/config.h"
#include "guard/enforcer.h"
#include "guard/followers.h"
#include "guard/hands.h"
#include "guard/history/journal_writer.h"
#include "guard/telemetry/report.h"
#include "guard/watched.h"

namespace guard {

// All must outlive the guard.
struct GuardParts {
  Collector& collector;
  Hands& hands;
  history::JournalWriter& journal;
  const base::Clock& clock;
};

// An enforcing action that an earlier agent began.
struct PastAction {
  std::string workload;
  std::string rule;
  base::WallTime at;
  std::size_t step = 0;  // of the rule's ladder, from 1; 0 for none
};

class Guard {
 public:
  Guard(const config::Config& config, GuardParts parts);
  Guard(const Guard&) = delete;  // its parts know each other
  Guard& operator=(const Guard&) = delete;

  // One tick. `missed` are the beats before this one that were skipped since the loop was late.
  void tick(int missed);

  // For a replay, whose snapshots may lie farther apart than the configuration says: a hold survives a few of these.
  void expect_every(base::Duration interval);

  // Whether something is being done to a workload, whose end this guard waits for.
  [[nodiscard]] bool is_acting() const;

  // What was known after the last tick and what has been done since.
  [[nodiscard]] const telemetry::Report& report() const { return report_; }

  // Called on the guard's thread with each decision once its outcome is known.
  void on_action(ActionLog::Listener listener) { log_.on_action(std::move(listener)); }

  // A workload that a rule stopped before this agent was started: nobody acts on it until it is seen to run again.
  void hold(const std::string& workload, telemetry::PolicyReport::Breaker breaker);
  // All that a rule has stopped and nobody has started since, also what has not been seen yet.
  [[nodiscard]] std::map<std::string, telemetry::PolicyReport::Breaker> held() const;
  // Counts it in the budget, and its rule rests from it. The oldest first; one that lies in the future is not believed.
  void remember(const PastAction& action);

  // Takes over what the guard before it remembered: histories of workloads that kept their name and target, and
  // everything counted. The listener stays this guard's own. For a reload; `previous` is of no use afterwards.
  void inherit(Guard& previous);
  void note_reload(bool succeeded);

 private:
  // What was known of workloads before they were seen: which containers there are is known only when the engine
  // answers.
  struct Past {
    std::vector<PastAction> actions;
    std::optional<telemetry::PolicyReport::Breaker> breaker;
  };
  // The workload of this reading, which may be new, or called otherwise than before; null when it is not configured.
  Watched* recognize(const sample::Workload& workload);
  Watched& watch(const std::string& name, const config::WorkloadConfig& configured);
  void remind(Watched& watched);
  // Drops what has not been seen for long.
  void forget_the_gone(base::SteadyTime now);
  telemetry::WorkloadReport judge(Watched& watched, const sample::Snapshot& snapshot, const sample::Workload& workload);
  std::vector<policy::Decision> decide(Watched& watched, const telemetry::WorkloadReport& report,
                                       const Followers::Scene& scene, base::SteadyTime now);
  void note_circumstances(Watched& watched, const sample::Workload& workload, const Followers::Scene& scene,
                          base::SteadyTime now);
  [[nodiscard]] Followers::Scene look_around() const;
  Watched* find(const std::string& workload);

  GuardParts parts_;
  const bool dry_run_;
  base::Duration max_gap_;
  std::vector<config::WorkloadConfig> configured_;
  std::map<std::string, Watched, std::less<>> watched_;      // by name; bounded by what the collector reports
  std::map<std::string, Past, std::less<>> past_;            // by workload
  std::map<std::string, std::string, std::less<>> renamed_;  // by earlier name: actions under way still have it
  telemetry::Report report_;
  ActionLog log_;
  Enforcer enforcer_;
  Followers followers_;
};

}  // namespace guard

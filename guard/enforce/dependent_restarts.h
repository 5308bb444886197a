#pragma once
// Restarts the dependents of a workload that the guard restarted: in dependency order, each once, and none before all
// of its own dependencies run again. Also explains failures: a workload whose dependency is down is not restarted by
// its own rules, since that would not help.
//
// Dependencies are between configured workloads. When one of them has several containers, each container is restarted,
// and the workload counts as running while any of them runs.

#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/clock.h"
#include "guard/policy/decision.h"
#include "guard/policy/dependencies.h"
#include "guard/sample/snapshot.h"

namespace guard {

class DependentRestarts {
 public:
  // The rule name of dependent restarts.
  static constexpr const char* kRule = "depends_on";
  // Maximum time to wait for a dependency to run again.
  static constexpr base::Duration kPatience = std::chrono::minutes(10);

  explicit DependentRestarts(policy::Dependencies dependencies) : dependencies_(std::move(dependencies)) {}

  // `workload`, a container of the configured workload `configured_as`, was restarted by `rule`: its dependents become
  // pending.
  void on_restarted(const std::string& workload, const std::string& configured_as, const std::string& rule,
                    base::SteadyTime now);
  // The dependent restart of `workload` has ended, with any outcome.
  void on_end(const std::string& workload, const std::string& configured_as);

  // The workloads of this tick, and the names of those that the guard is stopping or restarting.
  struct View {
    const std::vector<sample::Workload>& workloads;
    std::vector<std::string> restarting;
  };
  // The pending restart of `workload` when it is due, once; otherwise empty.
  std::vector<policy::Decision> decide(const std::string& workload, const View& view, base::SteadyTime now);
  // Why `workload` must not be restarted by its own rules now, as text; "" when it may.
  [[nodiscard]] std::string explain(const std::string& workload, const View& view) const;

  // For a reload: takes over the pending restarts.
  void inherit(DependentRestarts& previous);

 private:
  struct Pending {
    std::string because;  // "db was restarted by rule memory"
    base::SteadyTime since;
    std::set<std::string> left;     // containers that are not restarted yet
    std::set<std::string> decided;  // of those, the ones whose restart was decided on
    bool is_filled = false;         // `left` was filled in at the first decision
  };
  using Pendings = std::map<std::string, Pending>;
  void remove(Pendings::iterator pending, const std::string& workload);
  // Why the configured workload `needed` is not available to its dependents; "" when it is, or nothing is known.
  [[nodiscard]] std::string find_problem(const std::string& needed, const View& view) const;

  policy::Dependencies dependencies_;
  Pendings pending_;  // by configured workload
};

}  // namespace guard

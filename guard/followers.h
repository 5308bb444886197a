#pragma once
// What depends on a workload that the guard restarted is restarted after it, in order: none before all that it needs
// runs again, each once. And who explains whose failure: what needs a workload that is down is not cured of that.
//
// Dependencies are between configured workloads. Where several containers are one of them, each is restarted, and it is
// there for those who need it as long as one of its containers is.

#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/clock.h"
#include "guard/policy/decision.h"
#include "guard/policy/dependencies.h"
#include "guard/telemetry/report.h"

namespace guard {

class Followers {
 public:
  // The `rule` of their restarts.
  static constexpr const char* kRule = "depends_on";
  // A dependency that does not run again within this time is not waited for any longer.
  static constexpr base::Duration kPatience = std::chrono::minutes(10);

  explicit Followers(policy::Dependencies dependencies) : dependencies_(std::move(dependencies)) {}

  // `workload`, which is one of the configured `configured_as`, was restarted by `rule`: whatever needs it is to
  // follow.
  void on_restarted(const std::string& workload, const std::string& configured_as, const std::string& rule,
                    base::SteadyTime now);
  // The restart of `workload` as a follower has ended, whatever came of it.
  void on_end(const std::string& workload, const std::string& configured_as);

  // The workloads of this tick, and which of them the guard is stopping or restarting.
  struct Scene {
    const std::vector<telemetry::WorkloadReport>& workloads;
    std::vector<std::string> restarting;
  };
  // The restart that is due for `workload` now: at most one, and once.
  std::vector<policy::Decision> decide(const std::string& workload, const Scene& scene, base::SteadyTime now);
  // Why `workload` must not be restarted by its own rules now; "" when it may.
  [[nodiscard]] std::string explain(const std::string& workload, const Scene& scene) const;

  // Takes over what is pending from before a reload.
  void inherit(Followers& previous);

 private:
  struct Pending {
    std::string because;  // "db was restarted by rule memory"
    base::SteadyTime since;
    std::set<std::string> left;     // those of its workloads that are not restarted yet
    std::set<std::string> decided;  // of those: about to be
    bool is_begun = false;          // `left` holds all that there were when the first was looked at
  };
  using Pendings = std::map<std::string, Pending>;
  // Forgets one of `pending`'s workloads.
  void drop(Pendings::iterator pending, const std::string& workload);
  [[nodiscard]] std::string find_trouble(const std::string& needed, const Scene& scene) const;

  policy::Dependencies dependencies_;
  Pendings pending_;  // by configured workload
};

}  // namespace guard

#pragma once
// The whole guard in a world without a machine: eyes that see simulated workloads, hands that touch them, and a clock
// that is moved on. Nothing of the guard is left out: its configuration is parsed, its actions are rechecked and
// verified.

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "guard/guard.h"
#include "guard/history/journal_writer.h"
#include "tests/sim/guarded_workload.h"

namespace sim {

constexpr std::string_view kWorkloadName = "simulated";

// One restart that the guard asked for.
struct GuardedRestart {
  double at = 0;                 // seconds
  std::optional<double> notice;  // seconds since people were first told of it, in this run
  std::string rule;
};

// One kill that it did not prevent.
struct GuardedKill {
  double run_length = 0;     // seconds that it lived
  double since_restart = 0;  // seconds since the guard last restarted it; very many when it never did
  // For how long memory had stood above this part of the limit. Only of the heights in kHeights; else of the next.
  [[nodiscard]] double since_below(double part) const;
  static constexpr std::array<double, 6> kHeights = {0.75, 0.8, 0.85, 0.9, 0.93, 0.95};
  std::array<double, kHeights.size()> above_for{};  // seconds
};

class World final : public guard::Collector, public guard::Executor {
 public:
  World(const WorkloadPlan& plan, const std::vector<guard::policy::Rule>& rules);

  void run(double seconds);

  [[nodiscard]] const SimulatedWorkload& workload() const { return workload_; }
  [[nodiscard]] const std::vector<GuardedRestart>& restarts() const { return restarts_; }
  [[nodiscard]] std::uint64_t notifications() const { return notifications_; }
  [[nodiscard]] std::uint64_t sheds() const { return sheds_; }
  [[nodiscard]] const std::vector<GuardedKill>& kills() const { return kills_; }
  [[nodiscard]] const guard::Guard& guard() const { return guard_; }

  guard::sample::Snapshot collect(base::SteadyTime now, base::WallTime wall) override;
  guard::sample::Snapshot collect_one(const std::string& workload, base::SteadyTime now, base::WallTime wall) override;
  void execute(const guard::policy::Decision& decision, const guard::sample::Workload& target, Done done) override;

 private:
  struct UnderWay {
    double until = 0;  // seconds; the least
    bool until_settled = false;
    Done done;
  };
  void finish_due();
  void note_told();
  void note_height();

  base::ManualClock clock_;
  double interval_;
  double now_ = 0;
  SimulatedWorkload workload_;
  std::vector<UnderWay> under_way_;
  std::vector<GuardedRestart> restarts_;
  std::optional<double> told_at_;  // first in this run
  std::uint64_t run_ = 1;          // that it was told in
  std::uint64_t notifications_ = 0;
  std::uint64_t sheds_ = 0;
  std::vector<GuardedKill> kills_;
  std::array<double, GuardedKill::kHeights.size()> below_at_{};  // seconds; when memory was last that low
  double run_began_ = 0;
  guard::history::JournalWriter journal_{""};
  guard::Guard guard_;
};

}  // namespace sim

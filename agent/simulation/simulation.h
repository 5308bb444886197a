#pragma once
// Runs the whole guard on given snapshots with a manual clock, and records what it would do. `replay` feeds it recorded
// history, `drill` a simulated incident. Rules, leak detector, recheck, cool-downs and rate limits are those of the
// daemon.

#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "agent/simulation/timeline.h"
#include "base/clock.h"
#include "guard/guard.h"
#include "guard/history/journal_writer.h"

namespace agent::simulation {

class Simulation final : private guard::Collector, private guard::Executor {
 public:
  // Ignores agent.dry_run and caps: a cap that is not in force would be restored at every tick. `interval`: usual time
  // between snapshots.
  Simulation(guard::config::Config config, base::Duration interval);

  // Runs one tick. REQUIRES: snapshots in order of time, with all existing workloads of the configuration.
  void play(guard::sample::Snapshot snapshot);

  // Sets the usual time between the following snapshots.
  void expect_every(base::Duration interval) { guard_.expect_every(interval); }

  // Called with each decision that would be carried out, at that time.
  void on_act(std::function<void(const guard::policy::Decision&)> listener) { listener_ = std::move(listener); }

  [[nodiscard]] const Timeline& timeline(const std::string& workload) const;
  // Rules of a workload whose metric was always unknown, with the last reason.
  [[nodiscard]] std::vector<std::pair<std::string, std::string>> unknown_rules(const std::string& workload) const;
  [[nodiscard]] const guard::telemetry::Report& report() const { return guard_.report(); }

 private:
  class SimulatedClock final : public base::Clock {
   public:
    [[nodiscard]] base::SteadyTime steady_now() const override { return steady; }
    [[nodiscard]] base::WallTime wall_now() const override { return wall; }
    base::SteadyTime steady;
    base::WallTime wall;
  };
  // The state of one workload.
  struct Part {
    Timeline timeline;
    std::vector<guard::policy::Rule> rules;
    std::map<std::string, std::string> unknown;  // by rule: why
    // What was reported last:
    guard::signal::LeakState leak = guard::signal::LeakState::unknown;
    guard::sample::State state = guard::sample::State::unknown;
    std::uint64_t restarts = 0;
    std::uint64_t kills = 0;
    bool acted_on = false;  // since its run began
    bool known = false;
  };

  guard::sample::Snapshot collect(base::SteadyTime now, base::WallTime wall) override;
  guard::sample::Snapshot collect_one(const std::string& workload, base::SteadyTime now, base::WallTime wall) override;
  void execute(const guard::policy::Decision& decision, const guard::sample::Workload& target, Done done) override;
  void note_workload(const guard::telemetry::WorkloadReport& workload);
  void note_run(const guard::telemetry::WorkloadReport& workload, Part& part);
  void note_end(const guard::telemetry::ActionRecord& action);
  Entry entry_of(const Part& part, Entry::Kind kind, std::string what) const;

  SimulatedClock clock_;
  guard::sample::Snapshot now_;
  std::vector<Done> under_way_;
  std::map<std::string, Part> parts_;
  std::function<void(const guard::policy::Decision&)> listener_;
  guard::history::JournalWriter journal_{""};
  guard::Guard guard_;
};

}  // namespace agent::simulation

#pragma once
// A simulated workload with an incident: calm at first, then with the problem. It reacts to actions like a real one: a
// restart starts a new run, in which the problem continues. Times are seconds since the start of the drill.

#include <cstdint>
#include <optional>
#include <string>

#include "agent/simulation/incident.h"
#include "guard/config/config.h"
#include "guard/sample/snapshot.h"

namespace agent::simulation {

class SimulatedWorkload {
 public:
  static constexpr double kCalmSeconds = 15 * 60;  // before the incident starts; long enough for the leak detector

  SimulatedWorkload(const guard::config::WorkloadConfig& config, Trouble trouble);

  // Advances to `now`, which must not run backwards.
  void advance(double now);
  // Its snapshot at `at`; its times are on the clock of `at`.
  [[nodiscard]] guard::sample::Snapshot look(base::SteadyTime at, base::WallTime wall,
                                             const std::vector<std::string>& mounts) const;
  void restart(double drain);
  void stop() { stopped_ = true; }

  [[nodiscard]] base::Bytes limit() const { return limit_; }
  [[nodiscard]] std::optional<double> killed_at() const { return killed_at_; }  // first
  // When the drill can end: the incident is over, or has lasted long enough.
  [[nodiscard]] double over_at() const;

 private:
  [[nodiscard]] bool is_in_trouble() const { return now_ >= kCalmSeconds; }
  [[nodiscard]] double leaked() const;
  [[nodiscard]] double patience() const;
  void end_run(guard::sample::ExitReason reason, double pause);
  void use_up(double passed);
  void fill(guard::sample::Workload& workload) const;

  const guard::config::WorkloadConfig& config_;
  Trouble trouble_;
  base::Bytes limit_;
  double cores_ = 1;
  double now_ = 0;
  double run_began_ = 0;
  double starts_at_ = 0;  // time of the next start while it is down
  std::optional<double> drained_at_;
  bool running_ = true;
  bool stopped_ = false;
  std::uint64_t starts_ = 1;
  std::optional<double> killed_at_;
  guard::sample::ExitReason last_exit_ = guard::sample::ExitReason::none;
  double memory_ = 0;     // bytes
  double cpu_used_ = 0;   // seconds
  double throttled_ = 0;  // seconds
};

}  // namespace agent::simulation

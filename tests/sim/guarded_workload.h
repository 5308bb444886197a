#pragma once
// One container that lives under a guard: it leaks or does not, is killed where it meets its limit and started again by
// its engine, gives back what is asked of it, and forgets what it leaked when it restarts. What it does is drawn from a
// seed. Seconds count from the simulation's beginning.

#include <cstdint>
#include <string_view>

#include "guard/sample/snapshot.h"
#include "tests/sim/random.h"
#include "tests/sim/texture.h"

namespace sim {

enum class LeakPattern {
  even,
  sawtooth,   // below a collector's
  daily,      // more by day than by night, under a cycle of days
  bursts,     // bits of all sizes at random times
  sheddable,  // half of what grows is a cache that can be asked to shrink
};
constexpr int kLeakPatterns = static_cast<int>(LeakPattern::sheddable) + 1;
std::string_view name_of(LeakPattern pattern);

struct WorkloadPlan {
  double level = 250 * kMebibyte;
  double limit = 700 * kMebibyte;
  double fills_after = kHour;  // seconds from a fresh start until the limit is met, on average
  LeakPattern pattern = LeakPattern::even;
  double interval = 5;        // seconds between looks
  double file = kMebibyte;    // page cache; up to what room there is
  double drains_for = 10;     // seconds from the stop signal to its end
  double starts_after = 3;    // seconds, after a restart
  double recovers_after = 8;  // seconds, after a kill: the engine waits a little
  std::uint64_t seed = 1;
};

class SimulatedWorkload {
 public:
  explicit SimulatedWorkload(const WorkloadPlan& plan);

  // Lives on until `now`, which must not run backwards.
  void advance(double now);
  // As a collector reads it.
  [[nodiscard]] guard::sample::Workload look(std::string_view name) const;

  // Drops what can be dropped down to `target` of its share; bytes given back.
  double shed(double target);
  // Bytes of page cache given back.
  double reclaim(double bytes);
  void restart(double now);  // stop signal now; runs again after its drain and its start
  void stop(double now);
  [[nodiscard]] bool is_running() const { return run_ == Run::running || run_ == Run::draining; }
  // Neither runs as usual nor is stopped for good.
  [[nodiscard]] bool is_changing() const { return run_ == Run::draining || run_ == Run::starting; }

  [[nodiscard]] double part_of_limit() const { return memory_ / plan_.limit; }
  [[nodiscard]] std::uint64_t kills() const { return kills_; }
  [[nodiscard]] std::uint64_t restarts() const { return restarts_; }  // that were asked for and began
  [[nodiscard]] double grown() const { return grown_; }               // bytes, over all runs
  [[nodiscard]] double down() const { return down_; }                 // seconds

 private:
  enum class Run { running, draining, starting, stopped };

  void begin();
  void grow(double now, double passed);
  [[nodiscard]] double leak_of(double now, double passed);
  void end_run(double now, double pause, guard::sample::ExitReason reason);

  WorkloadPlan plan_;
  Random random_;
  Texture texture_;
  Collector collector_;
  Run run_ = Run::running;
  double at_ = 0;
  double next_change_ = 0;  // when a drain or a start is over
  double began_ = 0;        // this run
  double leaked_ = 0;       // bytes, this run
  double cache_ = 0;        // bytes of it that can be shed
  double memory_ = 0;       // bytes of anon
  double file_ = 0;
  double next_burst_ = 0;
  bool ends_for_good_ = false;
  std::uint64_t starts_ = 1;
  std::uint64_t kills_ = 0;
  std::uint64_t restarts_ = 0;
  double grown_ = 0;
  double down_ = 0;
  guard::sample::ExitReason last_exit_ = guard::sample::ExitReason::none;
};

}  // namespace sim

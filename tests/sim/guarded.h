#pragma once
// How well whole policies guard leaks of every rate, and that they leave harmless workloads alone: the guard over
// simulated workloads for days. The gate runs a few days; guarded_report prints the table of a month.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "guard/policy/rule.h"
#include "tests/sim/guarded_workload.h"
#include "tests/sim/series.h"

namespace sim {

struct Policy {
  std::string name;
  std::vector<guard::policy::Rule> rules;
};
// The policies that are compared; the first are those of docs/rules.md. Parsed from YAML as an operator writes it.
std::vector<Policy> all_policies();

// One leak under one policy.
struct GuardedLeak {
  std::string policy;
  double fills_after = 0;  // seconds
  LeakPattern pattern = LeakPattern::even;
  std::uint64_t kills = 0;
  std::uint64_t restarts = 0;
  std::uint64_t fewest = 0;  // the fewest that any policy could do with: a restart an instant before each kill
  double least_notice = 0;   // seconds; 0 when a restart came unannounced
  double early = 0;          // part of the restarts that were announced ten minutes before
  std::uint64_t missed = 0;  // kills that a step of the policy could have prevented
  std::uint64_t sheds = 0;
  double down = 0;     // seconds
  double seconds = 0;  // of simulation

  [[nodiscard]] double ratio() const { return static_cast<double>(restarts) / static_cast<double>(fewest); }
};

// Seconds until the limit is met from a fresh start, from a minute to weeks.
const std::vector<double>& all_rates();

// All rates and patterns, on two threads.
std::vector<GuardedLeak> guard_leaks(const std::vector<Policy>& policies, double days, std::uint64_t seed);
std::string table(const std::vector<GuardedLeak>& leaks);

// The harmless kinds of series.h, played to the guard one after another.
struct GuardedPeace {
  std::string policy;
  Kind kind = Kind::flat;
  double days = 0;
  int series = 0;
  int restarted = 0;  // of these
  std::uint64_t restarts = 0;
  std::uint64_t near_limit = 0;     // of these: memory stood above 85 % of the limit
  std::uint64_t notifications = 0;  // and sheds
};
std::vector<GuardedPeace> guard_harmless(const std::vector<Policy>& policies, double days, std::uint64_t seed);
std::string table(const std::vector<GuardedPeace>& peace);

// Runs `work(place)` for each place below `count`, on two threads.
void in_parallel(std::size_t count, const std::function<void(std::size_t)>& work);

}  // namespace sim

// Prints how policies guard leaks of every rate, and that they leave harmless workloads alone:
//   guarded_report [DAYS [SEED]]      default: 30 days from seed 1

#include <cstdio>
#include <cstdlib>

#include "tests/sim/guarded.h"

int main(int argc, char** argv) {
  const double days = argc > 1 ? std::strtod(argv[1], nullptr) : 30;
  const std::uint64_t seed = argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 1;
  const auto policies = sim::all_policies();
  std::fputs(sim::table(sim::guard_leaks(policies, days, seed)).c_str(), stdout);
  std::puts("");
  std::fputs(sim::table(sim::guard_harmless(policies, days, seed)).c_str(), stdout);
  return 0;
}

// Prints how good the leak detector is on generated series, by kind:
//   detector_report [SERIES_A_KIND [FIRST_SEED [KIND]]]      default: 2000 of each kind from seed 1
//   detector_report trace KIND SEED                          one series, each change of its verdict

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

#include "guard/signal/growth.h"
#include "tests/sim/evaluate.h"

namespace {

int trace(const std::string& name, std::uint64_t seed) {
  for (int i = 0; i < sim::kKinds; ++i) {
    const auto kind = static_cast<sim::Kind>(i);
    if (sim::name_of(kind) != name) continue;
    const sim::Series series = sim::make_series(kind, seed);
    std::printf("interval %g s, %zu samples, starts at %g s, %g bytes/s, limit at %g s\n", series.interval_seconds,
                series.samples.size(), series.truth.start_seconds, series.truth.bytes_per_second,
                series.truth.limit_at_seconds.value_or(0));
    guard::signal::GrowthTracker tracker;
    auto state = guard::signal::LeakState::unknown;
    auto rejection = guard::signal::RejectionReason::none;
    for (const auto& sample : series.samples) {
      if (sample.new_run) tracker.restart();
      tracker.add(base::SteadyTime(base::from_seconds(sample.seconds)), {std::llround(sample.bytes)},
                  std::chrono::minutes(10), {std::llround(sample.limit)});
      const auto& growth = tracker.growth();
      if (growth.state == state && growth.rejection == rejection) continue;
      state = growth.state;
      rejection = growth.rejection;
      std::printf("%9.0f s %7.1f of %7.1f MiB%s: %s: %s\n", sample.seconds, sample.bytes / 1048576,
                  sample.limit / 1048576, sample.new_run ? " (restarted)" : "",
                  std::string(guard::signal::name_of(state)).c_str(), describe(growth).c_str());
    }
    return 0;
  }
  std::fprintf(stderr, "there is no kind '%s'\n", name.c_str());
  return 2;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc == 4 && std::strcmp(argv[1], "trace") == 0) return trace(argv[2], std::strtoull(argv[3], nullptr, 10));
  const int count = argc > 1 ? std::atoi(argv[1]) : 2000;
  const std::uint64_t seed = argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 1;
  std::vector<sim::Kind> kinds;
  for (int kind = 0; kind < sim::kKinds; ++kind) {
    if (argc > 3 && sim::name_of(static_cast<sim::Kind>(kind)) != argv[3]) continue;
    kinds.push_back(static_cast<sim::Kind>(kind));
  }
  const std::vector<sim::Score> scores = sim::score_all(kinds, seed, count);
  std::fputs(sim::table(scores).c_str(), stdout);
  return 0;
}

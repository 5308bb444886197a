// What the detector costs: time a sample, and bytes of state, on series of two weeks' length in samples.
//
//   detector_bench

#include <cmath>
#include <cstdio>
#include <vector>

#include <time.h>

#include "guard/signal/growth.h"
#include "tests/sim/series.h"

namespace {

// CPU time: on a machine that is busy elsewhere the wall clock would tell of others.
double cpu_seconds() {
  timespec time{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

void measure(const char* name, double interval, double growth) {
  constexpr int kSamples = 300'000;
  guard::signal::GrowthTracker tracker;
  const double begun = cpu_seconds();
  for (int i = 0; i < kSamples; ++i) {
    const double seconds = i * interval;
    const double bytes = 4e8 + growth * seconds + (i % 1000 * 7919 % 1000) * 1e4;
    tracker.add(base::SteadyTime(base::from_seconds(seconds)), {std::llround(bytes)}, std::chrono::minutes(10),
                base::gibibytes(1024));
  }
  const double cost = (cpu_seconds() - begun) / kSamples * 1e6;
  std::printf("%-28s every %4.0f s: %6.2f us a sample, %zu bytes of state\n", name, interval, cost,
              tracker.size_bytes());
}

// Each interval's samples, over all kinds of generated series.
void measure_generated() {
  double spent = 0;
  double samples = 0;
  for (int kind = 0; kind < sim::kKinds; ++kind) {
    for (std::uint64_t seed = 1; seed <= 10; ++seed) {
      const sim::Series series = sim::make_series(static_cast<sim::Kind>(kind), seed);
      guard::signal::GrowthTracker tracker;
      const double begun = cpu_seconds();
      for (const auto& sample : series.samples)
        tracker.add(base::SteadyTime(base::from_seconds(sample.seconds)), {std::llround(sample.bytes)},
                    std::chrono::minutes(10), {std::llround(sample.limit)});
      spent += cpu_seconds() - begun;
      samples += static_cast<double>(series.samples.size());
    }
  }
  std::printf("%-28s              : %6.2f us a sample\n", "generated, all kinds", spent / samples * 1e6);
}

}  // namespace

int main() {
  for (const double interval : {1.0, 10.0, 60.0, 300.0}) measure("flat", interval, 0);
  for (const double interval : {1.0, 10.0, 60.0, 300.0}) measure("leaking", interval, 1000);
  measure_generated();
  return 0;
}

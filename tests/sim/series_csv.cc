// One generated series as a recording for `leakguard analyze`: series_csv KIND SEED > FILE. Its limit goes to stderr.

#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "tests/sim/series.h"

namespace {

constexpr double kBegin = 1767571200;  // a Monday, 2026-01-05T00:00:00Z

int print(const sim::Series& series) {
  int run = 1;
  std::puts("timestamp,memory_bytes,run");
  for (const sim::Sample& sample : series.samples) {
    if (sample.new_run) ++run;
    std::printf("%.3f,%.0f,%d\n", kBegin + sample.seconds, sample.bytes, run);
  }
  std::fprintf(stderr, "%.0f\n", series.samples.back().limit);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc == 3) {
    for (int kind = 0; kind < sim::kKinds; ++kind) {
      if (sim::name_of(static_cast<sim::Kind>(kind)) == std::string_view(argv[1]))
        return print(sim::make_series(static_cast<sim::Kind>(kind), std::strtoull(argv[2], nullptr, 10)));
    }
  }
  std::fputs("usage: series_csv KIND SEED; the kinds are:", stderr);
  for (int kind = 0; kind < sim::kKinds; ++kind) {
    const std::string_view name = sim::name_of(static_cast<sim::Kind>(kind));
    std::fprintf(stderr, " %.*s", static_cast<int>(name.size()), name.data());
  }
  std::fputs("\n", stderr);
  return 2;
}

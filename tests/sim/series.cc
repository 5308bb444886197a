#include "tests/sim/series.h"

#include <algorithm>
#include <array>
#include <functional>

#include "tests/sim/harmless.h"
#include "tests/sim/leaks.h"
#include "tests/sim/random.h"
#include "tests/sim/texture.h"

namespace sim {

namespace {

constexpr std::array<std::string_view, kKinds> kNames = {"leak_linear",
                                                         "leak_steps",
                                                         "leak_bursts",
                                                         "leak_sawtooth",
                                                         "leak_daily_cycle",
                                                         "leak_load_noise",
                                                         "leak_after_warm_up",
                                                         "leak_restarts",
                                                         "leak_by_requests",
                                                         "leak_heap",
                                                         "leak_zipf_cache",
                                                         "leak_bounded_walk",
                                                         "leak_processes",
                                                         "leak_resampled",
                                                         "flat",
                                                         "warm_up_exponential",
                                                         "warm_up_logarithmic",
                                                         "warm_up_staircase",
                                                         "cache_fill",
                                                         "daily_cycle",
                                                         "weekly_cycle",
                                                         "sawtooth_growing",
                                                         "deploy_steps",
                                                         "load_hill",
                                                         "page_cache",
                                                         "fragmentation",
                                                         "random_walk",
                                                         "spikes",
                                                         "gaps_and_restarts",
                                                         "limit_changes",
                                                         "heap",
                                                         "zipf_cache",
                                                         "bounded_walk",
                                                         "regimes",
                                                         "processes",
                                                         "pools",
                                                         "resampled"};

}  // namespace

std::string_view name_of(Kind kind) { return kNames[static_cast<std::size_t>(kind)]; }
bool is_leak(Kind kind) { return kind < Kind::flat; }

Series make_series(Kind kind, std::uint64_t seed) {
  Random random(seed * kKinds + static_cast<std::uint64_t>(kind));
  Series series = is_leak(kind) ? make_leak(kind, random) : make_harmless(kind, random);
  series.kind = kind;
  series.seed = seed;
  return series;
}

}  // namespace sim

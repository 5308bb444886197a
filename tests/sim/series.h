#pragma once
// Memory as workloads have it, made from a seed: every kind of leak and every harmless shape that looks like one,
// with its truth. Pure: the same kind and seed give the same series on every machine. What is drawn for a series —
// its rate, noise, interval, limit — is spread widely on purpose; nothing here knows the detector.

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace sim {

enum class Kind {
  // Leaks. Each grows until it meets its limit, which ends the series, unless the kind restarts.
  leak_linear,
  leak_steps,        // a bit at a time, with rest between
  leak_bursts,       // bits of all sizes at random times
  leak_sawtooth,     // below a collector's sawtooth
  leak_daily_cycle,  // below a cycle of days
  leak_load_noise,   // below load that wanders
  leak_after_warm_up,
  leak_restarts,     // cut by restarts before the limit is met
  leak_by_requests,  // fast while there is much to do
  leak_heap,         // over what mechanisms.h makes
  leak_zipf_cache,
  leak_bounded_walk,
  leak_processes,
  leak_resampled,
  // Harmless.
  flat,
  warm_up_exponential,
  warm_up_logarithmic,
  warm_up_staircase,
  cache_fill,
  daily_cycle,
  weekly_cycle,
  sawtooth_growing,  // a collector that waits longer and longer
  deploy_steps,
  load_hill,  // load that rises for hours and falls
  page_cache,
  fragmentation,
  random_walk,  // reverting to its mean
  spikes,
  gaps_and_restarts,
  limit_changes,
  heap,  // what mechanisms.h makes
  zipf_cache,
  bounded_walk,
  regimes,
  processes,
  pools,
  resampled,
};
constexpr int kKinds = static_cast<int>(Kind::resampled) + 1;

std::string_view name_of(Kind kind);
bool is_leak(Kind kind);

struct Sample {
  double seconds = 0;
  double bytes = 0;
  double limit = 0;      // bytes; in force at this time
  bool new_run = false;  // the workload was started again before it
  double leaked = 0;     // bytes until now, over all runs
  double left = 0;       // seconds until this run meets the limit, were it left alone; 0 when it never does
};

struct Truth {
  bool leak = false;
  double start_seconds = 0;                // when it begins to leak
  double bytes_per_second = 0;             // on average
  double headroom_bytes = 0;               // below the limit when it begins
  std::optional<double> limit_at_seconds;  // when memory meets the limit; the series ends there
};

struct Series {
  Kind kind = Kind::flat;
  std::uint64_t seed = 0;
  double interval_seconds = 0;
  std::vector<Sample> samples;  // in order of time, 20,000 at most
  Truth truth;
};

Series make_series(Kind kind, std::uint64_t seed);

}  // namespace sim

#include "tests/sim/leaks.h"

#include <algorithm>
#include <memory>
#include <numbers>

#include "tests/sim/mechanisms.h"
#include "tests/sim/texture.h"

namespace sim {

namespace {

struct Leak {
  Base base;
  double lead = 0;    // seconds before it begins
  double length = 0;  // seconds from its beginning until the room is gone
  [[nodiscard]] double rate() const { return base.room() / length; }
};

// From minutes to three weeks; some from the first second on.
Leak draw_leak(double shortest, double longest, Random& random) {
  Leak leak;
  leak.base = draw_base(random);
  leak.length = random.spread(shortest, longest);
  leak.lead = random.chance(0.3) ? 0 : leak.length * random.between(0.1, 1.5);
  return leak;
}

// Bytes leaked since the leak began.
Shape steps(const Leak& leak, Random& random) {
  const double count = std::floor(random.between(25, 120));
  return [=](double since) { return leak.base.room() / count * std::floor(since / leak.length * count); };
}

Shape bursts(const Leak& leak, Random& random) {
  const double count = random.between(60, 300);
  struct State {
    double next = 0;
    double leaked = 0;
  };
  auto state = std::make_shared<State>();
  return [=, &random](double since) {
    while (state->next < since) {
      state->next += leak.length / count * random.exponential();
      state->leaked += leak.base.room() / count * random.between(0.2, 1.8);
    }
    return state->leaked;
  };
}

// Leaks with each request: by the hour of the day where there are days, and by chance.
Shape by_requests(const Leak& leak, Random& random) {
  struct State {
    double before = 0;
    double load = 0;
    double leaked = 0;
  };
  auto state = std::make_shared<State>();
  const double memory = leak.length * random.spread(0.002, 0.05);
  const double chance = random.between(0.1, 0.6);
  const double daily = leak.length > 3 * kDay ? random.between(0, 0.8) : 0;
  const double phase = random.unit();
  return [=, &random](double since) {
    const double passed = since - state->before;
    state->before = since;
    const double keep = std::exp(-passed / memory);
    state->load = keep * state->load + chance * std::sqrt(1 - keep * keep) * random.normal();
    const double hour = 1 + daily * std::sin(2 * std::numbers::pi * (since / kDay + phase));
    state->leaked += leak.rate() * passed * hour * std::exp(state->load - chance * chance / 2);
    return state->leaked;
  };
}

Shape warm_up(const Leak& leak, Random& random) {
  const double size = leak.base.level * random.between(0.3, 0.8);
  const double time = leak.length * random.spread(0.01, 0.1);
  return [=](double seconds) { return -size * std::exp(-seconds / time); };
}

// What lies over the leak, at a second of the series.
Shape overlay(Kind kind, const Leak& leak, Random& random) {
  if (kind == Kind::leak_sawtooth) {
    const double height = random.between(0.03, 0.2) * leak.base.room();
    auto collector = std::make_shared<Collector>(height, leak.length * random.spread(0.002, 0.04), random);
    return [collector](double seconds) { return collector->at(seconds); };
  }
  if (kind == Kind::leak_daily_cycle) {
    const double swing = random.between(0.03, 0.15) * leak.base.room();
    const double phase = random.unit();
    return
        [=](double seconds) { return swing * 0.5 * (1 + std::sin(2 * std::numbers::pi * (seconds / kDay + phase))); };
  }
  if (kind == Kind::leak_load_noise) {
    struct Load {
      double value = 0;
      double before = 0;
    };
    auto load = std::make_shared<Load>();
    const double size = random.between(0.01, 0.04) * leak.base.room();
    const double memory = leak.length * random.spread(0.002, 0.03);
    return [=, &random](double seconds) {
      const double keep = std::exp(-(seconds - load->before) / memory);
      load->before = seconds;
      return load->value = keep * load->value + size * std::sqrt(1 - keep * keep) * random.normal();
    };
  }
  if (kind == Kind::leak_after_warm_up) return warm_up(leak, random);
  const auto made = [&](Mechanism mechanism, double least, double most) {
    return make_mechanism(mechanism, random.between(least, most) * leak.base.room(), leak.lead + leak.length, random);
  };
  switch (kind) {
    case Kind::leak_heap: return made(Mechanism::heap, 0.02, 0.2);
    case Kind::leak_zipf_cache: return made(Mechanism::zipf_cache, 0.02, 0.2);
    case Kind::leak_bounded_walk: return made(Mechanism::bounded_walk, 0.02, 0.12);
    case Kind::leak_processes: return made(Mechanism::processes, 0.05, 0.2);
    case Kind::leak_resampled: return made(Mechanism::resampled, 0.05, 0.2);
    default: return [](double) { return 0.0; };
  }
}

Shape leaked(Kind kind, const Leak& leak, Random& random) {
  if (kind == Kind::leak_steps) return steps(leak, random);
  if (kind == Kind::leak_bursts) return bursts(leak, random);
  if (kind == Kind::leak_by_requests) return by_requests(leak, random);
  return [rate = leak.rate()](double since) { return rate * since; };
}

// A run ends after a part of the room is used, and the next begins where the first one did.
Series make_restarting(Random& random) {
  Leak leak = draw_leak(2 * kHour, 10 * kDay, random);
  Series series;
  const int runs = 3 + static_cast<int>(random.unit() * 5);
  const double run = leak.length * random.between(0.12, 0.6);
  series.interval_seconds = draw_interval(run * runs, random);
  series.truth = {true, 0, leak.rate(), leak.base.room(), {}};
  Texture texture(leak.base, series.interval_seconds, random);
  double began = 0;
  double leaked = 0;
  for (int i = 0; i <= runs; ++i) {
    // The last run is left alone until it meets the limit.
    const double length = i == runs ? 2 * leak.length : run * random.between(0.9, 1.1);
    for (double at = 0; at < length; at += series.interval_seconds) {
      const double bytes = std::max(leak.base.level + leak.rate() * at + texture.next(), kMebibyte);
      if (bytes >= leak.base.limit) {
        series.truth.limit_at_seconds = began + at;
        return series;
      }
      series.samples.push_back(
          {began + at, bytes, leak.base.limit, i > 0 && at == 0, leaked + leak.rate() * at, leak.length - at});
    }
    leaked += leak.rate() * length;
    began = series.samples.back().seconds + series.interval_seconds + random.between(1, 30);
  }
  return series;
}

}  // namespace

Series make_leak(Kind kind, Random& random) {
  if (kind == Kind::leak_restarts) return make_restarting(random);
  const bool cycles = kind == Kind::leak_daily_cycle;
  const bool slow = kind == Kind::leak_sawtooth;
  Leak leak = draw_leak(cycles ? 3 * kDay : slow ? 20 * 60 : 4 * 60, 21 * kDay, random);
  if (kind == Kind::leak_after_warm_up) leak.lead = 0;
  Series series;
  series.interval_seconds = draw_interval(leak.lead + leak.length, random);
  series.truth = {true, leak.lead, leak.rate(), leak.base.room(), {}};
  const Shape over = overlay(kind, leak, random);
  const Shape below = leaked(kind, leak, random);
  double leaked = 0;
  const auto shape = [&](double at) {
    if (at > leak.lead) leaked = below(at - leak.lead);
    return leak.base.level + over(at) + leaked;
  };
  sample_into(series, leak.base, leak.lead + 2 * leak.length, shape, random, [&] { return leaked; });
  return series;
}

}  // namespace sim

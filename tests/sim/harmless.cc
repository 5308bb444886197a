#include "tests/sim/harmless.h"

#include <algorithm>
#include <memory>
#include <numbers>

#include "tests/sim/mechanisms.h"
#include "tests/sim/texture.h"

namespace sim {

namespace {

struct Plan {
  Base base;
  double length = 0;  // seconds
};

double wave(double turns) { return 0.5 * (1 - std::cos(2 * std::numbers::pi * turns)); }

Shape warm_up(Kind kind, const Plan& plan, Random& random) {
  const double size = random.between(0.1, 0.7) * plan.base.room();
  const double time = plan.length * random.spread(0.01, 0.3);
  const double level = plan.base.level;
  if (kind == Kind::warm_up_exponential) return [=](double at) { return level + size * (1 - std::exp(-at / time)); };
  if (kind == Kind::warm_up_logarithmic) {
    const double early = plan.length * random.spread(0.001, 0.05);
    const double whole = std::log1p(plan.length / early);
    return [=](double at) { return level + size * std::log1p(at / early) / whole; };
  }
  // Each step takes longer than the one before.
  const double growth = random.between(1.3, 2);
  const double first = plan.length * random.spread(0.01, 0.05);
  const double step = size / random.between(4, 10);
  return [=](double at) {
    const double steps = std::floor(std::log1p(at / first * (growth - 1)) / std::log(growth));
    return level + std::min(step * steps, size);
  };
}

// Distinct keys arrive at an even rate: uniform keys fill it exponentially, skewed ones by a power. One in six is
// filled in order, by a scan: even until it is full, which nothing but its size tells from a leak.
Shape cache_fill(const Plan& plan, Random& random) {
  const double size = random.between(0.1, 0.6) * plan.base.room();
  const double began = plan.length * random.between(0, 0.4);
  const double time = plan.length * random.spread(0.03, 0.5);
  const double level = plan.base.level;
  const double which = random.unit();
  if (which < 1.0 / 6) {
    return [=](double at) { return level + 0.5 * size * std::clamp((at - began) / time, 0.0, 1.0); };
  }
  if (which < 0.6) {
    return [=](double at) { return level + (at > began ? size * (1 - std::exp(-2 * (at - began) / time)) : 0.0); };
  }
  const double power = random.between(0.4, 0.7);
  return [=](double at) {
    return level + (at > began ? size * std::min(1.0, std::pow((at - began) / time, power)) : 0.0);
  };
}

Shape cycle(Kind kind, const Plan& plan, Random& random) {
  const double swing = random.between(0.05, 0.45) * plan.base.room();
  const double phase = random.unit();
  const double sharpness = random.between(0.7, 3);
  const double weekly = kind == Kind::weekly_cycle ? random.between(0.3, 0.8) : 0;
  const double level = plan.base.level;
  // Each day is a bit different.
  auto days = std::make_shared<std::vector<double>>();
  for (int day = 0; day < 40; ++day) days->push_back(random.between(0.85, 1.0));
  return [=](double at) {
    const double day = at / kDay + phase;
    const double today = (*days)[static_cast<std::size_t>(day)];
    const double tomorrow = (*days)[static_cast<std::size_t>(day) + 1];
    const double size = today + (tomorrow - today) * (day - std::floor(day));
    return level + swing * size * (1 - weekly * wave(day / 7)) * std::pow(wave(day), sharpness);
  };
}

Shape growing_sawtooth(const Plan& plan, Random& random) {
  const double teeth = random.between(15, 100);
  const double last = random.between(0.1, 0.5) * plan.base.room();
  const double first = last * random.between(0.2, 0.6);
  auto collector = std::make_shared<Collector>(first, plan.length / teeth * first / last, random);
  const double factor = std::pow(last / first, 1 / teeth);
  return [=, level = plan.base.level](double at) {
    const double garbage = collector->at(at);
    if (collector->has_just_collected()) collector->grow(factor);
    return level + garbage;
  };
}

Shape deploy_steps(const Plan& plan, Random& random) {
  struct Step {
    double at;
    double bytes;
  };
  std::vector<Step> steps;
  const int count = 1 + static_cast<int>(random.unit() * 5);
  for (int i = 0; i < count; ++i)
    steps.push_back({random.unit() * plan.length, random.between(-0.08, 0.12) * plan.base.room()});
  return [=, level = plan.base.level](double at) {
    double bytes = level;
    for (const auto& step : steps) bytes += at >= step.at ? step.bytes : 0;
    return bytes;
  };
}

Shape load_hill(const Plan& plan, Random& random) {
  const double size = random.between(0.05, 0.4) * plan.base.room();
  const double began = plan.length * random.between(0, 0.5);
  const double length = plan.length * random.between(0.15, 0.5);
  return [=, level = plan.base.level](double at) {
    const double part = (at - began) / length;
    return level + (part > 0 && part < 1 ? size * wave(part) : 0.0);
  };
}

// Grows with every file read, and is taken back in parts when memory is wanted.
Shape page_cache(const Plan& plan, Random& random) {
  struct Cache {
    double bytes = 0;
    double before = 0;
  };
  auto cache = std::make_shared<Cache>();
  const double size = random.between(0.1, 0.7) * plan.base.room();
  const double time = plan.length * random.spread(0.01, 0.2);
  const double reclaims = plan.length * random.spread(0.02, 0.2);
  return [=, &random, level = plan.base.level](double at) {
    const double step = at - cache->before;
    cache->before = at;
    cache->bytes += (size - cache->bytes) * (1 - std::exp(-step / time));
    if (random.chance(step / reclaims)) cache->bytes *= random.between(0.3, 0.9);
    return level + cache->bytes;
  };
}

// Wanders and reverts: an Ornstein–Uhlenbeck process.
Shape wandering(const Plan& plan, double size, double time, Random& random) {
  struct Walk {
    double value = 0;
    double before = 0;
  };
  auto walk = std::make_shared<Walk>();
  return [=, &random, level = plan.base.level](double at) {
    const double keep = std::exp(-(at - walk->before) / time);
    walk->before = at;
    walk->value = keep * walk->value + size * std::sqrt(1 - keep * keep) * random.normal();
    return level + walk->value;
  };
}

// Rises with the worst mix of sizes seen so far: new highs come ever more rarely.
Shape fragmentation(const Plan& plan, Random& random) {
  const double size = random.between(0.02, 0.1) * plan.base.room();
  auto worst = std::make_shared<double>(0);
  const Shape noise = wandering({{0, 0}, 0}, 0.05 * size, plan.length / 50, random);
  return [=, &random, level = plan.base.level](double at) {
    *worst = std::max(*worst, random.exponential());
    return level + size * *worst / 8 + noise(at);
  };
}

Shape spikes(const Plan& plan, Random& random) {
  struct Spike {
    double at;
    double length;
    double bytes;
  };
  std::vector<Spike> all;
  const int count = 1 + static_cast<int>(random.unit() * 20);
  for (int i = 0; i < count; ++i)
    all.push_back({random.unit() * plan.length, plan.length * random.spread(0.0005, 0.02),
                   random.between(0.1, 0.8) * plan.base.room()});
  return [=, level = plan.base.level](double at) {
    double bytes = 0;
    for (const auto& spike : all)
      if (at >= spike.at && at < spike.at + spike.length) bytes = std::max(bytes, spike.bytes);
    return level + bytes;
  };
}

Shape mechanism(Kind kind, const Plan& plan, Random& random) {
  const auto made = [&](Mechanism mechanism, double least, double most) -> Shape {
    const double size = random.between(least, most) * plan.base.room();
    return [shape = make_mechanism(mechanism, size, plan.length, random), level = plan.base.level](double at) {
      return level + shape(at);
    };
  };
  switch (kind) {
    case Kind::heap: return made(Mechanism::heap, 0.1, 0.45);
    case Kind::zipf_cache: return made(Mechanism::zipf_cache, 0.1, 0.7);
    case Kind::bounded_walk: return made(Mechanism::bounded_walk, 0.05, 0.4);
    case Kind::regimes: return made(Mechanism::regimes, 0.05, 0.5);
    case Kind::processes: return made(Mechanism::processes, 0.1, 0.8);
    case Kind::pools: return made(Mechanism::pools, 0.05, 0.5);
    default: return made(Mechanism::resampled, 0.05, 0.4);
  }
}

Shape shape_of(Kind kind, const Plan& plan, Random& random) {
  switch (kind) {
    case Kind::warm_up_exponential:
    case Kind::warm_up_logarithmic:
    case Kind::warm_up_staircase: return warm_up(kind, plan, random);
    case Kind::cache_fill: return cache_fill(plan, random);
    case Kind::daily_cycle:
    case Kind::weekly_cycle: return cycle(kind, plan, random);
    case Kind::sawtooth_growing: return growing_sawtooth(plan, random);
    case Kind::deploy_steps: return deploy_steps(plan, random);
    case Kind::load_hill: return load_hill(plan, random);
    case Kind::page_cache: return page_cache(plan, random);
    case Kind::fragmentation: return fragmentation(plan, random);
    case Kind::random_walk:
      return wandering(plan, random.between(0.02, 0.12) * plan.base.room(), plan.length * random.spread(0.002, 0.05),
                       random);
    case Kind::spikes: return spikes(plan, random);
    case Kind::flat:
    case Kind::gaps_and_restarts:
    case Kind::limit_changes: return [level = plan.base.level](double) { return level; };
    default: return mechanism(kind, plan, random);
  }
}

void cut(Series& series, const Plan& plan, Random& random) {
  const double gaps = 1 + random.unit() * 4;
  for (int i = 0; i < static_cast<int>(gaps); ++i) {
    const double from = random.unit() * plan.length;
    const double until = from + random.spread(0.005, 0.2) * plan.length;
    std::erase_if(series.samples,
                  [&](const Sample& sample) { return sample.seconds >= from && sample.seconds < until; });
    const auto after = std::find_if(series.samples.begin(), series.samples.end(),
                                    [&](const Sample& sample) { return sample.seconds >= until; });
    if (after == series.samples.end() || random.chance(0.3)) continue;
    after->new_run = true;
    // It warms up again.
    const double warm = plan.length * random.spread(0.002, 0.02);
    for (auto sample = after; sample != series.samples.end(); ++sample)
      sample->bytes -= 0.5 * plan.base.level * std::exp(-(sample->seconds - after->seconds) / warm);
  }
}

void change_limit(Series& series, const Plan& plan, Random& random) {
  const double at = random.unit() * plan.length;
  const double factor = random.between(0.5, 2.5);
  for (auto& sample : series.samples)
    if (sample.seconds >= at) sample.limit = std::max(plan.base.limit * factor, plan.base.level * 1.15);
}

}  // namespace

Series make_harmless(Kind kind, Random& random) {
  Plan plan;
  plan.base = draw_base(random);
  const bool days = kind == Kind::daily_cycle || kind == Kind::weekly_cycle;
  plan.length =
      kind == Kind::weekly_cycle ? random.between(10, 21) * kDay : random.spread(days ? 2 * kDay : kHour, 14 * kDay);
  Series series;
  series.interval_seconds = draw_interval(plan.length, random);
  sample_into(series, plan.base, plan.length, shape_of(kind, plan, random), random);
  if (kind == Kind::gaps_and_restarts) cut(series, plan, random);
  if (kind == Kind::limit_changes) change_limit(series, plan, random);
  return series;
}

}  // namespace sim

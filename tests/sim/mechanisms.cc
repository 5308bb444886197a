#include "tests/sim/mechanisms.h"

#include <algorithm>
#include <memory>
#include <numbers>
#include <vector>

namespace sim {

namespace {

// How much time went by since it was last asked.
struct Elapsed {
  double before = 0;
  double until(double at) {
    const double passed = at - before;
    before = at;
    return passed;
  }
};

// An old generation. Promotions fill what is committed; a full collection leaves the live objects, and enlarges the
// heap by a step while these need most of it. What was touched once stays resident.
Shape heap(double size, double length, Random& random) {
  struct Heap {
    Elapsed time;
    double committed = 0;
    double used = 0;
    double resident = 0;
  };
  auto heap = std::make_shared<Heap>();
  const double step = size * random.between(0.04, 0.12);
  const double live = size * random.between(0.2, 0.7);
  const double full = random.between(0.6, 0.8);  // of the committed, which makes it grow
  const double rate = size / (length * random.spread(0.01, 0.2));
  heap->committed = size * random.between(0.05, 0.3);
  return [=, &random](double at) {
    heap->used += rate * heap->time.until(at) * random.exponential();
    heap->resident = std::max(heap->resident, std::min(heap->used, heap->committed));
    if (heap->used > heap->committed) {
      heap->used = std::min(heap->used, live * random.between(0.9, 1.1));
      if (heap->used > full * heap->committed) heap->committed = std::min(heap->committed + step, size);
    }
    return heap->resident;
  };
}

// Keys drawn by Zipf's law: the frequent ones are soon there, new ones come ever more rarely, until it is full.
Shape zipf_cache(double size, double length, Random& random) {
  constexpr std::size_t kKeys = 600;
  struct Cache {
    Elapsed time;
    std::vector<double> until;  // cumulated frequency
    std::vector<bool> holds = std::vector<bool>(kKeys);
    double held = 0;
    double due = 0;  // requests
  };
  auto cache = std::make_shared<Cache>();
  const double exponent = random.between(0.6, 1.2);
  double sum = 0;
  for (std::size_t key = 0; key < kKeys; ++key)
    cache->until.push_back(sum += std::pow(static_cast<double>(key + 1), -exponent));
  const double capacity = random.between(0.5, 1) * kKeys;
  const double rate = kKeys * random.spread(1, 12) / length;
  return [=, &random](double at) {
    cache->due += rate * cache->time.until(at) * random.exponential();
    for (; cache->due >= 1 && cache->held < capacity; cache->due -= 1) {
      const auto found = std::lower_bound(cache->until.begin(), cache->until.end(), sum * random.unit());
      auto held = cache->holds[static_cast<std::size_t>(found - cache->until.begin())];
      if (!held) cache->held += 1;
      held = true;
    }
    return size * cache->held / kKeys;
  };
}

// A unit root: nothing draws it back, but it is thrown back at its bounds.
Shape bounded_walk(double size, double length, Random& random) {
  struct Walk {
    Elapsed time;
    double value = 0;
  };
  auto walk = std::make_shared<Walk>();
  walk->value = size * random.unit();
  const double spread = size * random.spread(0.3, 4) / std::sqrt(length);
  return [=, &random](double at) {
    const double step = spread * std::sqrt(walk->time.until(at)) * random.normal();
    walk->value = std::fabs(walk->value + std::clamp(step, -size, size));
    if (walk->value > size) walk->value = 2 * size - walk->value;
    return walk->value;
  };
}

// A few ways of working, each with its level; it goes from one to another for no reason that memory shows.
Shape regimes(double size, double length, Random& random) {
  struct State {
    Elapsed time;
    std::vector<double> levels;
    double target = 0;
    double value = 0;
  };
  auto state = std::make_shared<State>();
  const int count = 2 + static_cast<int>(random.unit() * 4);
  for (int i = 0; i < count; ++i) state->levels.push_back(size * random.unit());
  state->value = state->target = state->levels.front();
  const double stay = length * random.spread(0.02, 0.3);
  const double way = stay * random.spread(0.005, 0.2);
  return [=, &random](double at) {
    const double passed = state->time.until(at);
    if (random.chance(passed / stay)) state->target = state->levels[static_cast<std::size_t>(random.unit() * count)];
    return state->value += (state->target - state->value) * (1 - std::exp(-passed / way));
  };
}

// Processes start by chance, more by day than by night, and live for times that differ by orders of magnitude.
Shape processes(double size, double length, Random& random) {
  struct Process {
    double ends = 0;
    double bytes = 0;
  };
  struct State {
    Elapsed time;
    std::vector<Process> all;
  };
  auto state = std::make_shared<State>();
  const double usual = random.spread(3, 30);  // at a time
  const double life = length * random.spread(0.001, 0.03);
  const double night = random.between(0.1, 1);
  const double phase = random.unit();
  return [=, &random](double at) {
    const double day = 0.5 * (1 - std::cos(2 * std::numbers::pi * (at / kDay + phase)));
    double due = state->time.until(at) * usual / life * (night + (1 - night) * day);
    for (double next = random.exponential(); next < due; next += random.exponential()) {
      constexpr double kMeanOfPareto = 3;  // with this tail and this bound
      const double lived = life / kMeanOfPareto * std::min(std::pow(1 - random.unit(), -1 / 1.3), 100.0);
      state->all.push_back({at + lived, 0.5 * size / usual * random.exponential()});
    }
    std::erase_if(state->all, [&](const Process& process) { return process.ends <= at; });
    double bytes = 0;
    for (const auto& process : state->all) bytes += process.bytes;
    return std::min(bytes, size);
  };
}

// An allocator's pools, of which each creeps up to its worst fragmentation in a time of its own.
Shape pools(double size, double length, Random& random) {
  struct Pool {
    double size = 0;
    double time = 0;
  };
  std::vector<Pool> all;
  double sum = 0;
  for (int i = 0; i < 10; ++i) {
    all.push_back({random.exponential(), length * random.spread(0.002, 0.7)});
    sum += all.back().size;
  }
  return [=](double at) {
    double bytes = 0;
    for (const auto& pool : all) bytes += size * pool.size / sum * (1 - std::exp(-at / pool.time));
    return bytes;
  };
}

// Blocks drawn again and again from one stretch of calm and turbulent noise with heavy tails.
Shape resampled(double size, double, Random& random) {
  struct State {
    std::vector<double> stretch;
    std::size_t place = 0;
    std::size_t left = 0;
  };
  auto state = std::make_shared<State>();
  double turbulence = 1;
  double value = 0;
  for (int i = 0; i < 400; ++i) {
    turbulence = std::exp(0.95 * std::log(turbulence) + 0.3 * random.normal());
    // Over the root of a mean of squares: Student's t with three degrees of freedom.
    double squares = 0;
    for (int degree = 0; degree < 3; ++degree) squares += std::pow(random.normal(), 2) / 3;
    value = 0.7 * value + turbulence * random.normal() / std::sqrt(squares);
    state->stretch.push_back(size * (0.5 + 0.05 * value));
  }
  return [=, &random](double) {
    if (state->left == 0) {
      state->left = 5 + static_cast<std::size_t>(random.unit() * 40);
      state->place = static_cast<std::size_t>(random.unit() * 400);
    }
    --state->left;
    return std::clamp(state->stretch[state->place++ % 400], 0.0, size);
  };
}

}  // namespace

Shape make_mechanism(Mechanism mechanism, double size, double length, Random& random) {
  switch (mechanism) {
    case Mechanism::heap: return heap(size, length, random);
    case Mechanism::zipf_cache: return zipf_cache(size, length, random);
    case Mechanism::bounded_walk: return bounded_walk(size, length, random);
    case Mechanism::regimes: return regimes(size, length, random);
    case Mechanism::processes: return processes(size, length, random);
    case Mechanism::pools: return pools(size, length, random);
    case Mechanism::resampled: return resampled(size, length, random);
  }
  return [](double) { return 0.0; };
}

}  // namespace sim

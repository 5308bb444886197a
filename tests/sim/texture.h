#pragma once
// What lies over every shape: noise of each sample, load that wanders, spikes, a collector's teeth; and how a shape
// becomes samples.

#include <functional>

#include "tests/sim/random.h"
#include "tests/sim/series.h"

namespace sim {

// Bytes at a second of the series; asked in order of time.
using Shape = std::function<double(double)>;

constexpr double kMebibyte = 1 << 20;
constexpr double kHour = 3600;
constexpr double kDay = 86400;

// A workload before anything happens to it.
struct Base {
  double level = 0;  // bytes
  double limit = 0;
  [[nodiscard]] double room() const { return limit - level; }
};
Base draw_base(Random& random);

// 1 s to 5 min, such that `seconds` are between 150 and about 5,000 samples.
double draw_interval(double seconds, Random& random);

// Noise over a shape: independent noise, an autoregressive part (load), rare spikes. Called once a sample.
class Texture {
 public:
  // Sizes are parts of `level`.
  Texture(const Base& base, double interval, Random& random);
  double next();

 private:
  Random& random_;
  double white_ = 0;
  double load_ = 0;
  double memory_ = 0;  // of the load, from one sample to the next
  double spike_chance_ = 0;
  double spike_ = 0;
  double wander_ = 0;
};

// A collector: garbage grows and is thrown away, each tooth a bit different from the last.
class Collector {
 public:
  Collector(double height, double period, Random& random) : random_(random), height_(height), period_(period) {}
  double at(double seconds);
  void grow(double factor) { height_ *= factor, period_ *= factor; }
  [[nodiscard]] bool has_just_collected() const { return collected_; }

 private:
  Random& random_;
  double height_;
  double period_;
  double began_ = 0;
  double length_ = 0;
  double peak_ = 0;
  bool collected_ = false;
};

// Samples `shape` (bytes at a second) with texture, from 0 to `seconds`; a sample is lost now and then. Ends early
// where memory meets the limit. `leaked` is called after `shape`: how much of that is a leak's.
void sample_into(
    Series& series, const Base& base, double seconds, const Shape& shape, Random& random,
    const std::function<double()>& leaked = [] { return 0.0; });

}  // namespace sim

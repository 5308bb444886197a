#pragma once
// Random numbers that are the same on every machine: <random>'s engines are, its distributions are not.

#include <cmath>
#include <cstdint>
#include <numbers>
#include <random>

namespace sim {

class Random {
 public:
  explicit Random(std::uint64_t seed) : engine_(seed * 0x9E3779B97F4A7C15U + 1) {}

  // [0, 1).
  double unit() { return static_cast<double>(engine_() >> 11) * 0x1.0p-53; }
  double between(double low, double high) { return low + (high - low) * unit(); }
  // As likely between 1 and 10 as between 10 and 100.
  double spread(double low, double high) { return low * std::pow(high / low, unit()); }
  bool chance(double probability) { return unit() < probability; }
  double normal() {
    const double radius = std::sqrt(-2 * std::log(1 - unit()));
    return radius * std::cos(2 * std::numbers::pi * unit());
  }
  // With mean 1.
  double exponential() { return -std::log(1 - unit()); }

 private:
  std::mt19937_64 engine_;
};

}  // namespace sim

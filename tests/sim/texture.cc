#include "tests/sim/texture.h"

#include <algorithm>
#include <array>

namespace sim {

Base draw_base(Random& random) {
  Base base;
  base.level = random.spread(30 * kMebibyte, 4096 * kMebibyte);
  base.limit = base.level * random.spread(1.3, 5);
  return base;
}

double draw_interval(double seconds, Random& random) {
  constexpr std::array<double, 10> kIntervals = {1, 2, 5, 10, 15, 30, 60, 120, 180, 300};
  const auto fits = [&](double interval) { return seconds / interval >= 150 && seconds / interval <= 5000; };
  for (int attempt = 0; attempt < 50; ++attempt) {
    const double interval = kIntervals[static_cast<std::size_t>(random.unit() * kIntervals.size())];
    if (fits(interval)) return interval;
  }
  return std::clamp(std::round(seconds / 1500), 1.0, 300.0);
}

Texture::Texture(const Base& base, double interval, Random& random) : random_(random) {
  white_ = random.spread(0.0005, 0.01) * base.level;
  load_ = random.chance(0.7) ? random.spread(0.001, 0.02) * base.level : 0;
  memory_ = std::exp(-interval / random.spread(20, 1200));
  spike_chance_ = random.chance(0.3) ? random.spread(0.0005, 0.01) : 0;
  spike_ = random.between(0.02, 0.2) * std::min(base.room(), base.level);
}

double Texture::next() {
  wander_ = memory_ * wander_ + load_ * std::sqrt(1 - memory_ * memory_) * random_.normal();
  const double spike = random_.chance(spike_chance_) ? spike_ * random_.unit() : 0;
  return white_ * random_.normal() + wander_ + spike;
}

double Collector::at(double seconds) {
  collected_ = false;
  if (length_ == 0 || seconds - began_ >= length_) {
    collected_ = length_ > 0;
    began_ = seconds;
    length_ = period_ * random_.between(0.8, 1.2);
    peak_ = height_ * random_.between(0.85, 1.15);
  }
  return peak_ * (seconds - began_) / length_;
}

void sample_into(Series& series, const Base& base, double seconds, const Shape& shape, Random& random,
                 const std::function<double()>& leaked) {
  Texture texture(base, series.interval_seconds, random);
  const double lost = random.chance(0.3) ? random.spread(0.001, 0.05) : 0;
  for (double at = 0; at <= seconds; at += series.interval_seconds) {
    const double bytes = std::max(shape(at) + texture.next(), kMebibyte);
    if (bytes >= base.limit && series.truth.leak) {
      series.truth.limit_at_seconds = at;
      for (auto& sample : series.samples) sample.left = at - sample.seconds;
      return;
    }
    if (random.chance(lost)) continue;
    series.samples.push_back({at, std::min(bytes, base.limit), base.limit, false, leaked()});
  }
}

}  // namespace sim

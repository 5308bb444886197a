#include "guard/signal/trend.h"

#include <cmath>
#include <functional>

#include <gtest/gtest.h>

namespace guard::signal {
namespace {

Trend trend_of(const std::function<double(int)>& bytes_at, std::int64_t period = 0, int count = 24) {
  std::vector<TrendPoint> points;
  for (int i = 0; i < count; ++i) points.push_back({i, i * 10.0, bytes_at(i)});
  return fit_trend(points, period);
}

double scatter(int i) { return ((i * i * 37 + i * 11) % 23 - 11) / 11.0; }

TEST(Trend, OfALineIsItsSlope) {
  const Trend trend = trend_of([](int i) { return 100.0 + 5 * i; });
  EXPECT_DOUBLE_EQ(trend.slope, 0.5);
  EXPECT_NEAR(trend.noise, 0, 1e-9);
  EXPECT_DOUBLE_EQ(trend.line_end, 215);
  EXPECT_DOUBLE_EQ(trend.rise(), 115);
  EXPECT_EQ(trend.rising_quarters, 4);
  EXPECT_TRUE(trend.rises_at_end);
}

TEST(Trend, IsNotMovedByWildPoints) {
  const Trend trend = trend_of([](int i) { return i % 6 == 5 ? 5000.0 : 100.0 + 5 * i; });
  EXPECT_NEAR(trend.slope, 0.5, 0.1);
}

TEST(Trend, ErrorGrowsWithNoise) {
  const Trend quiet = trend_of([](int i) { return 5.0 * i + scatter(i); });
  const Trend loud = trend_of([](int i) { return 5.0 * i + 10 * scatter(i); });
  EXPECT_GT(loud.error, 5 * quiet.error);
}

TEST(Trend, ErrorIsLargerWhenNeighboursResembleEachOther) {
  const Trend mixed = trend_of([](int i) { return i % 2 == 0 ? 10.0 : -10.0; });
  const Trend wave = trend_of([](int i) { return 14 * std::sin(i * 0.5); });
  EXPECT_GT(wave.error / wave.noise, 1.5 * mixed.error / mixed.noise);
}

TEST(Trend, OfSaturationIsSlowerInItsSecondHalf) {
  const Trend trend = trend_of([](int i) { return 100 * (1 - std::exp(-i / 8.0)); });
  EXPECT_LT(trend.late, 0.4 * trend.early);
}

TEST(Trend, WithAPeriodDoesNotSeeTheCycle) {
  const auto cycle = [](int i) { return 300 + 50 * std::sin(i % 8 / 8.0 * 6.283); };
  EXPECT_NEAR(trend_of(cycle, 8).slope, 0, 1e-9);
  const Trend rising = trend_of([&](int i) { return cycle(i) + 2 * i; }, 8);
  EXPECT_NEAR(rising.slope, 0.2, 1e-9);
  EXPECT_NEAR(rising.noise, 0, 1e-6);
  EXPECT_NEAR(rising.swing, 50, 10);
}

TEST(Trend, WithAPeriodComparesWholeDaysForItsHalves) {
  const auto cycle = [](int i) { return 300 + 50 * std::sin(i % 8 / 8.0 * 6.283); };
  const Trend ended = trend_of([&](int i) { return cycle(i) + 2 * std::min(i, 14); }, 8);
  EXPECT_NEAR(ended.early, 0.2, 0.03);
  EXPECT_LT(ended.late, 0.5 * ended.early);
}

}  // namespace
}  // namespace guard::signal

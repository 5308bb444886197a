#include "guard/signal/rolling_minimum.h"

#include <gtest/gtest.h>

namespace guard::signal {
namespace {

TEST(Floors, KeepTheLowestOfEachBucketAndWhenItWas) {
  RollingMinimum rings(10);
  for (int second = 0; second <= 10; ++second) rings.add(second, second == 4 ? 50 : 100 + second);
  const auto& ring = rings.rings()[0];
  ASSERT_EQ(ring.count, 1U);
  EXPECT_EQ(ring.at(0).bytes(), 50);
  EXPECT_EQ(ring.at(0).at, 4);
  EXPECT_EQ(ring.at(0).maximum, 109);
}

TEST(Floors, TwoBucketsMakeOneOfTheNextRing) {
  RollingMinimum rings(10);
  std::uint32_t closed = 0;
  for (int second = 0; second <= 20; ++second) closed |= rings.add(second, 100 - second);
  EXPECT_EQ(closed, 3U) << "the first two rings closed buckets";
  EXPECT_EQ(rings.rings()[0].count, 2U);
  ASSERT_EQ(rings.rings()[1].count, 1U);
  EXPECT_EQ(rings.rings()[1].at(0).bytes(), 81);
  EXPECT_EQ(rings.rings()[1].at(0).minima[1], 91) << "the first half's floor";
}

TEST(Floors, GapLeavesNoBucketsBehind) {
  RollingMinimum rings(10);
  rings.add(0, 100);
  rings.add(1e9, 200);  // decades
  rings.add(1e9 + 10, 200);
  EXPECT_EQ(rings.rings()[0].count, 2U);
  EXPECT_EQ(rings.rings()[0].at(1).index, 100'000'000);
}

TEST(Floors, HighestBeforeRemembersThePeakOfDaysAgo) {
  RollingMinimum rings(10);
  const int day = 86400;
  for (int second = 0; second < 3 * day; second += 10) rings.add(second, second < day / 4 ? 500 : 100);
  EXPECT_EQ(rings.highest_before(3.0 * day, 0), 500);
  EXPECT_EQ(rings.highest_before(0, 0), 0);
}

TEST(Floors, KeepNoMoreThanTheirBound) {
  RollingMinimum rings(0.25);
  for (int hour = 0; hour < 24 * 60; ++hour) rings.add(hour * 3600.0, 1);
  EXPECT_LE(rings.size_bytes(), 32U * 1024);
  EXPECT_GE(rings.rings().back().width_seconds * static_cast<double>(RollingMinimum::kBuckets), RollingMinimum::kViewSeconds);
}

}  // namespace
}  // namespace guard::signal

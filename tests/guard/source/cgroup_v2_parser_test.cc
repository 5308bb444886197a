#include <gtest/gtest.h>

#include "guard/source/cgroup/v2_parser.h"

namespace guard::source::v2 {
namespace {

using base::Bytes;
using base::Cores;
using base::Duration;

TEST(V2MemoryStat, TakesTheKindsOfMemory) {
  const auto stat = parse_memory_stat("anon 1\nfile 2\nkernel 3\nshmem 4\ninactive_file 5\nslab 6\n");
  EXPECT_EQ(stat.anon, Bytes{1});
  EXPECT_EQ(stat.file, Bytes{2});
  EXPECT_EQ(stat.kernel, Bytes{3});
  EXPECT_EQ(stat.shmem, Bytes{4});
  EXPECT_EQ(stat.inactive_file, Bytes{5});
}

TEST(V2MemoryStat, SumsTheKernelsPartsWhereItDoesNotDoSoItself) {
  const auto stat =
      parse_memory_stat("kernel_stack 10\nslab_reclaimable 7\nslab 100\npagetables 1\npercpu 2\nsock 3\n");
  EXPECT_EQ(stat.kernel, Bytes{116 - 7}) << "without what can be reclaimed";
}

TEST(V2MemoryStat, HasNoKernelFigureWithoutAnyPart) { EXPECT_FALSE(parse_memory_stat("anon 1\n").kernel); }

TEST(V2MemoryStat, LeavesMalformedLinesOut) {
  const auto stat = parse_memory_stat("anon x\nfile 2 3\nshmem\n");
  EXPECT_FALSE(stat.anon);
  EXPECT_FALSE(stat.file);
  EXPECT_FALSE(stat.shmem);
}

TEST(V2Limit, IsANumberOrMax) {
  EXPECT_EQ(parse_limit("734003200\n"), Bytes{734003200});
  EXPECT_EQ(parse_limit("0\n"), Bytes{0});
  EXPECT_EQ(parse_limit("max\n"), Bytes::unlimited());
}

TEST(V2Limit, RefusesAnythingElse) {
  EXPECT_FALSE(parse_limit(""));
  EXPECT_FALSE(parse_limit("maximal\n"));
  EXPECT_FALSE(parse_limit("-1\n"));
}

TEST(V2OomKills, AreDeathsNotLimitsHit) {
  EXPECT_EQ(parse_oom_kills("low 0\nhigh 12\nmax 340\noom 9\noom_kill 2\noom_group_kill 1\n"), 2u);
}

TEST(V2OomKills, AreMissingWithoutTheirLine) { EXPECT_FALSE(parse_oom_kills("low 0\noom 9\n")); }

TEST(V2CpuLimit, IsQuotaOverPeriod) {
  ASSERT_TRUE(parse_cpu_limit("80000 100000\n"));
  EXPECT_DOUBLE_EQ(parse_cpu_limit("80000 100000\n")->count, 0.8);
}

TEST(V2CpuLimit, IsUnlimitedAtMax) { EXPECT_EQ(parse_cpu_limit("max 100000\n"), Cores::unlimited()); }

TEST(V2CpuLimit, RefusesHalfALine) {
  EXPECT_FALSE(parse_cpu_limit(""));
  EXPECT_FALSE(parse_cpu_limit("80000\n"));
  EXPECT_FALSE(parse_cpu_limit("80000 0\n"));
  EXPECT_FALSE(parse_cpu_limit("-1 100000\n"));
}

TEST(V2CpuStat, CountsInMicroseconds) {
  const auto stat =
      parse_cpu_stat("usage_usec 2489831\nuser_usec 1\nnr_periods 34\nnr_throttled 30\nthrottled_usec 560417\n");
  EXPECT_EQ(stat.used, Duration(2489831000));
  EXPECT_EQ(stat.periods, 34u);
  EXPECT_EQ(stat.throttled_periods, 30u);
  EXPECT_EQ(stat.throttled, Duration(560417000));
}

TEST(V2CpuStat, HasUsageAloneWithoutTheController) {
  const auto stat = parse_cpu_stat("usage_usec 5\nuser_usec 3\nsystem_usec 2\n");
  EXPECT_EQ(stat.used, Duration(5000));
  EXPECT_FALSE(stat.periods);
  EXPECT_FALSE(stat.throttled);
}

TEST(V2CpuStat, RefusesATimeThatDoesNotFit) { EXPECT_FALSE(parse_cpu_stat("usage_usec 9223372036854775807\n").used); }

}  // namespace
}  // namespace guard::source::v2

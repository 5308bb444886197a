#include <gtest/gtest.h>

#include "guard/source/cgroup/v1_parser.h"

namespace guard::source::v1 {
namespace {

using base::Bytes;
using base::Cores;
using base::Duration;

TEST(V1MemoryStat, TakesTheTotalsOfTheSubtree) {
  const auto stat = parse_memory_stat(
      "cache 1\nrss 2\nshmem 3\ninactive_file 4\ntotal_cache 10\ntotal_rss 20\ntotal_shmem 30\ntotal_inactive_file "
      "40\n");
  EXPECT_EQ(stat.file, Bytes{10});
  EXPECT_EQ(stat.anon, Bytes{20});
  EXPECT_EQ(stat.shmem, Bytes{30});
  EXPECT_EQ(stat.inactive_file, Bytes{40});
}

TEST(V1MemoryStat, TakesTheOwnFiguresWhereThereAreNoTotals) {
  const auto stat = parse_memory_stat("cache 1\nrss 2\nshmem 3\ninactive_file 4\n");
  EXPECT_EQ(stat.file, Bytes{1});
  EXPECT_EQ(stat.anon, Bytes{2});
}

TEST(V1MemoryStat, DoesNotTakeOneKeyForAnotherThatBeginsLikeIt) {
  const auto stat = parse_memory_stat("rss_huge 7\ntotal_rss_huge 9\n");
  EXPECT_FALSE(stat.anon);
}

TEST(V1MemoryStat, LeavesMissingAndMalformedLinesOut) {
  const auto stat = parse_memory_stat("total_cache ten\ntotal_rss 20\ntotal_shmem\n\ntotal_inactive_file -1\n");
  EXPECT_FALSE(stat.file);
  EXPECT_EQ(stat.anon, Bytes{20});
  EXPECT_FALSE(stat.shmem);
  EXPECT_FALSE(stat.inactive_file);
}

TEST(V1MemoryStat, SurvivesAnEmptyText) { EXPECT_FALSE(parse_memory_stat("").anon); }

TEST(V1Limit, IsANumberOfBytes) { EXPECT_EQ(parse_limit("734003200\n"), Bytes{734003200}); }

TEST(V1Limit, IsUnlimitedFromAHugeNumberOn) {
  EXPECT_EQ(parse_limit("9223372036854771712\n"), Bytes::unlimited());  // 4 KiB pages
  EXPECT_EQ(parse_limit("9223372036854710272\n"), Bytes::unlimited());  // 64 KiB pages
  EXPECT_EQ(parse_limit("18446744073709551615\n"), Bytes::unlimited());
  EXPECT_EQ(parse_limit("4611686018427387904\n"), Bytes::unlimited());
}

TEST(V1Limit, IsStillANumberJustBelowThat) {
  EXPECT_EQ(parse_limit("4611686018427387903"), Bytes{4611686018427387903});
}

TEST(V1Limit, RefusesWhatIsNoNumber) {
  EXPECT_FALSE(parse_limit(""));
  EXPECT_FALSE(parse_limit("max\n"));
  EXPECT_FALSE(parse_limit("12 34\n"));
  EXPECT_FALSE(parse_limit("-1\n"));
  EXPECT_FALSE(parse_limit("18446744073709551616\n"));
}

TEST(V1OomKills, AreCountedInOomControl) {
  EXPECT_EQ(parse_oom_kills("oom_kill_disable 0\nunder_oom 1\noom_kill 3\n"), 3u);
}

TEST(V1OomKills, AreMissingOnKernelsThatDoNotCountThem) {
  EXPECT_FALSE(parse_oom_kills("oom_kill_disable 0\nunder_oom 0\n"));
}

TEST(V1CpuLimit, IsQuotaOverPeriod) {
  ASSERT_TRUE(parse_cpu_limit("80000\n", "100000\n"));
  EXPECT_DOUBLE_EQ(parse_cpu_limit("80000\n", "100000\n")->count, 0.8);
}

TEST(V1CpuLimit, IsUnlimitedWithoutAQuota) { EXPECT_EQ(parse_cpu_limit("-1\n", "100000\n"), Cores::unlimited()); }

TEST(V1CpuLimit, RefusesAPeriodOfNothing) {
  EXPECT_FALSE(parse_cpu_limit("80000", "0"));
  EXPECT_FALSE(parse_cpu_limit("80000", ""));
  EXPECT_FALSE(parse_cpu_limit("", "100000"));
}

TEST(V1CpuStat, CountsThrottlingInNanoseconds) {
  const auto stat = parse_cpu_stat("nr_periods 34\nnr_throttled 30\nthrottled_time 560417682\nnr_bursts 0\n");
  EXPECT_EQ(stat.periods, 34u);
  EXPECT_EQ(stat.throttled_periods, 30u);
  EXPECT_EQ(stat.throttled, Duration(560417682));
}

TEST(V1CpuUsage, IsInNanoseconds) { EXPECT_EQ(parse_cpu_usage("2489831910\n"), Duration(2489831910)); }

TEST(V1CpuUsage, RefusesWhatIsNoTime) {
  EXPECT_FALSE(parse_cpu_usage("-5\n"));
  EXPECT_FALSE(parse_cpu_usage("\n"));
  EXPECT_FALSE(parse_cpu_usage("9223372036854775808"));
}

}  // namespace
}  // namespace guard::source::v1

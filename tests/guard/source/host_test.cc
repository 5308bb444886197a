#include "guard/source/host/host.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "guard/source/host/parser.h"
#include "tests/base/temporary_folder.h"

namespace guard::source {
namespace {

using testing::HasSubstr;
const std::string kRoot = FIXTURES "/proc_tree";

TEST(MeminfoParser, CountsTheKernelsKilobytesAsKibibytes) {
  const auto info = parse_meminfo("MemTotal:       16 kB\nMemAvailable:    5 kB\nSwapTotal: 0 kB\n");
  EXPECT_EQ(info.total, base::kibibytes(16));
  EXPECT_EQ(info.available, base::kibibytes(5));
  EXPECT_EQ(info.swap_total, base::Bytes{0});
  EXPECT_FALSE(info.swap_free);
}

TEST(LoadavgParser, TakesThreeAverages) {
  const auto load = parse_loadavg("1.77 2.76 1.66 4/120 23782\n");
  ASSERT_TRUE(load);
  EXPECT_DOUBLE_EQ(load->minutes1, 1.77);
  EXPECT_DOUBLE_EQ(load->minutes5, 2.76);
  EXPECT_DOUBLE_EQ(load->minutes15, 1.66);
}

TEST(LoadavgParser, RefusesLess) {
  EXPECT_FALSE(parse_loadavg(""));
  EXPECT_FALSE(parse_loadavg("1.77 2.76"));
  EXPECT_FALSE(parse_loadavg("a b c d"));
  for (const char* text : {"nan 0 0", "0 inf 0", "0 0 -1", "1e999 0 0"}) EXPECT_FALSE(parse_loadavg(text)) << text;
}

TEST(CpuListParser, CountsRangesAndSingles) {
  EXPECT_EQ(parse_cpu_list("0\n"), 1);
  EXPECT_EQ(parse_cpu_list("0-3,8,10-11\n"), 7);
}

TEST(CpuListParser, RefusesWhatIsNoList) {
  for (const char* text : {"", "\n", "a", "3-1", "0-99999999", "-1", "1-x"}) EXPECT_FALSE(parse_cpu_list(text)) << text;
}

TEST(CpuListParser, CountsNoMoreThanAnInt) {
  std::string text = "0-1048575";
  EXPECT_EQ(parse_cpu_list(text), 1 << 20);
  for (int i = 0; i < 4200; ++i) text += ",0-1048575";
  EXPECT_FALSE(parse_cpu_list(text));
}

TEST(PressureParser, TakesTheTotalsInMicroseconds) {
  const auto pressure = parse_pressure(
      "some avg10=1.02 avg60=0.87 avg300=0.61 total=13986604\nfull avg10=0.07 avg60=0.55 avg300=0.47 total=12127130\n");
  EXPECT_EQ(pressure.some, base::Duration(13986604000));
  EXPECT_EQ(pressure.full, base::Duration(12127130000));
}

TEST(PressureParser, HasNoFullWhereTheKernelHasNone) {
  const auto pressure = parse_pressure("some avg10=0.00 avg60=0.00 avg300=0.00 total=1\n");
  EXPECT_TRUE(pressure.some);
  EXPECT_FALSE(pressure.full);
}

TEST(PressureParser, RefusesALineWithoutATotal) {
  EXPECT_FALSE(parse_pressure("some avg10=0.00\n").some);
  EXPECT_FALSE(parse_pressure("some total=\n").some);
  EXPECT_FALSE(parse_pressure("some total=12x\n").some);
}

TEST(VmstatParser, TakesTheOomKills) {
  EXPECT_EQ(parse_vmstat_oom_kills("pgfault 12\noom_kill 3\nnuma_hit 1\n"), 3U);
  EXPECT_EQ(parse_vmstat_oom_kills("oom_kill 0\n"), 0U);
}

TEST(VmstatParser, HasNoneWhereTheKernelDoesNotCount) {
  EXPECT_FALSE(parse_vmstat_oom_kills("pgfault 12\noom_kills 3\n"));
  EXPECT_FALSE(parse_vmstat_oom_kills("oom_kill x\n"));
}

TEST(Host, IsReadWhole) {
  const auto host = read_host(kRoot);
  EXPECT_EQ(host.memory_total, base::kibibytes(24684084));
  EXPECT_EQ(host.memory_available, base::kibibytes(23935756));
  EXPECT_EQ(host.swap_free, base::Bytes{0});
  EXPECT_EQ(host.load1, 1.77);
  EXPECT_EQ(host.cores, 2);
  EXPECT_EQ(host.pressure.io.full, base::Duration(12127130000));
  EXPECT_EQ(host.oom_kills, std::uint64_t{7});
}

TEST(Host, SaysWhatIsMissing) {
  const base::TemporaryFolder root;
  root.write("proc/loadavg", "garbage\n");
  const auto host = read_host(root.path());
  EXPECT_THAT(host.memory_total.reason(), HasSubstr("proc/meminfo: No such file"));
  EXPECT_THAT(host.load5.reason(), HasSubstr("proc/loadavg: not in the kernel's form"));
  EXPECT_THAT(host.pressure.cpu.some.reason(), HasSubstr("proc/pressure/cpu: No such file"));
}

}  // namespace
}  // namespace guard::source

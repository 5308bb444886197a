#include "chatcore/process_reading.h"

#include <filesystem>
#include <fstream>
#include <string>

#include <unistd.h>

#include <gtest/gtest.h>

namespace chatcore {
namespace {

namespace fs = std::filesystem;

// A tree of files that stands in for "/".
class Root : public testing::Test {
 protected:
  Root() {
    std::string name = (fs::temp_directory_path() / "chatcore-root-XXXXXX").string();
    root_ = mkdtemp(name.data());
  }
  ~Root() override { fs::remove_all(root_); }
  void write(const std::string& path, const std::string& text) const {
    fs::create_directories((root_ / path).parent_path());
    std::ofstream(root_ / path) << text;
  }
  fs::path root_;
};

using ReadCgroup = Root;
using ReadProcess = Root;

TEST_F(ReadCgroup, V1TakesTheLeastLimitOfItsGroupAndThoseAbove) {
  write("proc/self/cgroup", "9:memory:/docker/abc\n4:cpu,cpuacct:/docker/abc\n0::/docker/abc\n");
  write("sys/fs/cgroup/memory/docker/abc/memory.usage_in_bytes", "1000\n");
  write("sys/fs/cgroup/memory/docker/abc/memory.limit_in_bytes", "734003200\n");
  write("sys/fs/cgroup/memory/docker/memory.limit_in_bytes", "536870912\n");
  write("sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n");
  write("sys/fs/cgroup/cpu/docker/abc/cpu.cfs_quota_us", "80000\n");
  write("sys/fs/cgroup/cpu/docker/abc/cpu.cfs_period_us", "100000\n");
  const CgroupReading reading = read_cgroup(root_);
  EXPECT_EQ(reading.memory_usage, base::Bytes{1000});
  EXPECT_EQ(reading.memory_limit, base::mebibytes(512));
  EXPECT_DOUBLE_EQ(reading.cpu_limit.count, 0.8);
}

TEST_F(ReadCgroup, V1InAContainerWhosePathIsNotMountedReadsTheMountsRoot) {
  write("proc/self/cgroup", "9:memory:/docker/abc\n");
  write("sys/fs/cgroup/memory/memory.usage_in_bytes", "77\n");
  write("sys/fs/cgroup/memory/memory.limit_in_bytes", "1048576\n");
  const CgroupReading reading = read_cgroup(root_);
  EXPECT_EQ(reading.memory_usage, base::Bytes{77});
  EXPECT_EQ(reading.memory_limit, base::mebibytes(1));
}

TEST_F(ReadCgroup, V1sHugeNumberAndNoQuotaAreNoLimits) {
  write("proc/self/cgroup", "9:memory:/\n4:cpu:/\n");
  write("sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n");
  write("sys/fs/cgroup/cpu/cpu.cfs_quota_us", "-1\n");
  write("sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000\n");
  const CgroupReading reading = read_cgroup(root_);
  EXPECT_TRUE(reading.memory_limit.is_unlimited());
  EXPECT_TRUE(reading.cpu_limit.is_unlimited());
}

TEST_F(ReadCgroup, V2ReadsMaxAndItsAncestors) {
  write("proc/self/cgroup", "0::/system.slice/chat.service\n");
  write("sys/fs/cgroup/cgroup.controllers", "cpu memory\n");
  write("sys/fs/cgroup/system.slice/chat.service/memory.current", "4096\n");
  write("sys/fs/cgroup/system.slice/chat.service/memory.max", "max\n");
  write("sys/fs/cgroup/system.slice/chat.service/cpu.max", "max 100000\n");
  write("sys/fs/cgroup/system.slice/memory.max", "1073741824\n");
  write("sys/fs/cgroup/system.slice/cpu.max", "150000 100000\n");
  const CgroupReading reading = read_cgroup(root_);
  EXPECT_EQ(reading.memory_usage, base::Bytes{4096});
  EXPECT_EQ(reading.memory_limit, base::gibibytes(1));
  EXPECT_DOUBLE_EQ(reading.cpu_limit.count, 1.5);
}

TEST_F(ReadCgroup, V1KnowsTheLeastLimitAlsoOfGroupsThatAreNotMountedHere) {
  write("proc/self/cgroup", "9:memory:/docker/abc\n");
  write("sys/fs/cgroup/memory/memory.usage_in_bytes", "5000\n");
  write("sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n");
  write("sys/fs/cgroup/memory/memory.stat",
        "inactive_file 7\nhierarchical_memory_limit 268435456\ntotal_inactive_file 1000\n");
  const CgroupReading reading = read_cgroup(root_);
  EXPECT_EQ(reading.memory_limit, base::mebibytes(256));
  EXPECT_EQ(reading.working_set, base::Bytes{4000});
}

TEST_F(ReadCgroup, V2TakesMemoryHighForALimitAndLeavesOutCacheThatNobodyUses) {
  write("proc/self/cgroup", "0::/chat\n");
  write("sys/fs/cgroup/cgroup.controllers", "cpu memory\n");
  write("sys/fs/cgroup/chat/memory.current", "4096\n");
  write("sys/fs/cgroup/chat/memory.stat", "anon 1\ninactive_file 8192\n");
  write("sys/fs/cgroup/chat/memory.max", "1073741824\n");
  write("sys/fs/cgroup/chat/memory.high", "536870912\n");
  const CgroupReading reading = read_cgroup(root_);
  EXPECT_EQ(reading.memory_limit, base::mebibytes(512));
  EXPECT_EQ(reading.working_set, base::Bytes{0});
}

TEST_F(ReadCgroup, WithoutAnyFileNothingIsKnownAndNothingLimited) {
  const CgroupReading reading = read_cgroup(root_);
  EXPECT_FALSE(reading.memory_usage);
  EXPECT_TRUE(reading.memory_limit.is_unlimited());
  EXPECT_TRUE(reading.cpu_limit.is_unlimited());
}

TEST_F(ReadProcess, FieldsAreCountedAfterANameThatHoldsBracketsAndSpaces) {
  write("proc/stat", "cpu  1 2 3\nbtime 1700000000\n");
  write("proc/self/stat",
        "42 (a) b (c) S 1 42 42 0 -1 4194560 100 0 0 0 250 50 0 0 20 0 7 0 1000 1048576 64 18446744073709551615\n");
  write("proc/self/limits", "Limit  Soft Limit  Hard Limit  Units\nMax open files            1024   4096   files\n");
  const ProcessReading reading = read_process(root_);
  const long ticks = sysconf(_SC_CLK_TCK);
  ASSERT_TRUE(reading.cpu && reading.resident && reading.started);
  EXPECT_DOUBLE_EQ(base::to_seconds(*reading.cpu), 300.0 / static_cast<double>(ticks));
  EXPECT_EQ(reading.threads, 7);
  EXPECT_EQ(reading.virtual_memory, base::Bytes{1048576});
  EXPECT_EQ(reading.resident->count, 64 * sysconf(_SC_PAGESIZE));
  EXPECT_EQ(reading.started->time_since_epoch(), std::chrono::seconds(1700000000 + 1000 / ticks));
  EXPECT_EQ(reading.max_files, 1024);
}

TEST_F(ReadProcess, WhatCannotBeReadIsAbsentAndNotZero) {
  const ProcessReading reading = read_process(root_);
  EXPECT_FALSE(reading.resident);
  EXPECT_FALSE(reading.cpu);
  EXPECT_FALSE(reading.open_files);
  EXPECT_FALSE(reading.max_files);
}

TEST_F(ReadProcess, AnonymousMemoryIsWhatTheKernelCallsSo) {
  EXPECT_FALSE(read_anonymous_memory(root_));
  write("proc/self/status", "Name:\tchatcore\nVmRSS:\t    9000 kB\nRssAnon:\t    5120 kB\nRssFile:\t 10 kB\n");
  EXPECT_EQ(read_anonymous_memory(root_), base::mebibytes(5));
}

TEST_F(ReadProcess, AShortStatLineIsAbsentToo) {
  write("proc/self/stat", "42 (chatcore) S 1\n");
  EXPECT_FALSE(read_process(root_).resident);
}

}  // namespace
}  // namespace chatcore

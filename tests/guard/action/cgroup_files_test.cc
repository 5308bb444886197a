#include "guard/action/cgroup_files.h"

#include <filesystem>
#include <fstream>
#include <limits>
#include <sstream>
#include <string>

#include <unistd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/base/temporary_folder.h"

namespace guard::action {
namespace {

using base::Bytes;
using base::Cores;
using testing::HasSubstr;

// Files stand in for the kernel's: what was written last is what they hold. The kernel's own checks are met in
// tests/integration/kernel.
class CgroupFilesTest : public testing::Test {
 protected:
  void touch(const std::string& name) const { folder_.write(name, ""); }
  [[nodiscard]] std::string text(const std::string& name) const {
    std::ifstream file(folder_.at(name));
    std::stringstream text;
    text << file.rdbuf();
    return text.str();
  }
  [[nodiscard]] sample::Cgroup v1() const {
    for (const char* file : {"memory/memory.limit_in_bytes", "memory/memory.soft_limit_in_bytes", "pids/pids.max",
                             "cpu/cpu.cfs_quota_us", "cpu/cpu.cfs_period_us"}) {
      touch(file);
    }
    for (const char* folder : {"memory", "cpu", "pids"}) touch(std::string(folder) + "/cgroup.procs");
    sample::Cgroup cgroup;
    cgroup.memory = {folder_.at("memory"), 1};
    cgroup.cpu = cgroup.cpuacct = {folder_.at("cpu"), 1};
    cgroup.pids = {folder_.at("pids"), 1};
    return cgroup;
  }
  [[nodiscard]] sample::Cgroup v2() const {
    for (const char* file : {"memory.max", "memory.low", "memory.high", "memory.reclaim", "cpu.max", "pids.max",
                             "cgroup.procs", "cgroup.subtree_control"}) {
      touch(file);
    }
    const sample::ControllerFolder folder{folder_.path(), 2};
    return {folder, folder, folder, folder, folder, 0};
  }
  base::TemporaryFolder folder_;
};

const sample::Caps kIncident{Bytes{734003200}, Bytes{536870912}, {}, Cores{0.8}, 512};

TEST_F(CgroupFilesTest, WritesEveryCapOfV1) {
  ASSERT_TRUE(apply_caps(v1(), kIncident));
  EXPECT_EQ(text("memory/memory.limit_in_bytes"), "734003200");
  EXPECT_EQ(text("memory/memory.soft_limit_in_bytes"), "536870912");
  EXPECT_EQ(text("cpu/cpu.cfs_period_us"), "100000");
  EXPECT_EQ(text("cpu/cpu.cfs_quota_us"), "80000");
  EXPECT_EQ(text("pids/pids.max"), "512");
}

TEST_F(CgroupFilesTest, WritesEveryCapOfV2) {
  sample::Caps caps = kIncident;
  caps.memory_high = Bytes{671088640};
  ASSERT_TRUE(apply_caps(v2(), caps));
  EXPECT_EQ(text("memory.max"), "734003200");
  EXPECT_EQ(text("memory.high"), "671088640");
  EXPECT_EQ(text("memory.low"), "536870912");
  EXPECT_EQ(text("cpu.max"), "80000 100000");
  EXPECT_EQ(text("pids.max"), "512");
}

const sample::Caps kNone{
    Bytes::unlimited(), Bytes::unlimited(), {}, Cores::unlimited(), std::numeric_limits<std::int64_t>::max()};

TEST_F(CgroupFilesTest, TakesLimitsAwayInEachVersionsWords) {
  ASSERT_TRUE(apply_caps(v1(), kNone));
  EXPECT_EQ(text("memory/memory.limit_in_bytes"), "-1");
  EXPECT_EQ(text("memory/memory.soft_limit_in_bytes"), "-1");
  EXPECT_EQ(text("cpu/cpu.cfs_quota_us"), "-1");
  EXPECT_EQ(text("pids/pids.max"), "max");
  ASSERT_TRUE(apply_caps(v2(), kNone));
  EXPECT_EQ(text("memory.max"), "max");
  EXPECT_EQ(text("memory.low"), "0");
  EXPECT_EQ(text("cpu.max"), "max 100000");
}

TEST_F(CgroupFilesTest, TouchesOnlyTheFieldsThatAreSet) {
  sample::Caps caps;
  caps.pids = 7;
  ASSERT_TRUE(apply_caps(v2(), caps));
  EXPECT_EQ(text("pids.max"), "7");
  EXPECT_EQ(text("memory.max"), "");
  EXPECT_EQ(text("cpu.max"), "");
}

TEST_F(CgroupFilesTest, GivesTheKernelsLeastQuotaAtLeast) {
  sample::Caps caps;
  caps.cpus = Cores{0.001};
  ASSERT_TRUE(apply_caps(v2(), caps));
  EXPECT_EQ(text("cpu.max"), "1000 100000");
}

TEST_F(CgroupFilesTest, RoundsTheQuotaInsteadOfCuttingIt) {
  sample::Caps caps;
  caps.cpus = Cores{0.29};  // 28999.999… µs as a binary fraction
  ASSERT_TRUE(apply_caps(v2(), caps));
  EXPECT_EQ(text("cpu.max"), "29000 100000");
}

TEST_F(CgroupFilesTest, GoesOnAfterAFailureAndNamesIt) {
  const auto cgroup = v1();
  std::filesystem::remove(folder_.at("memory/memory.limit_in_bytes"));
  const auto applied = apply_caps(cgroup, kIncident);
  ASSERT_FALSE(applied);
  EXPECT_EQ(applied.error().code, base::Code::not_found);
  EXPECT_THAT(applied.error().message, HasSubstr("memory.limit_in_bytes"));
  EXPECT_EQ(text("cpu/cpu.cfs_quota_us"), "80000");
  EXPECT_EQ(text("pids/pids.max"), "512");
}

TEST_F(CgroupFilesTest, RefusesWhatTheVersionDoesNotHave) {
  sample::Caps caps;
  caps.memory_high = Bytes{1};
  EXPECT_EQ(apply_caps(v1(), caps).error().code, base::Code::invalid_argument);
  EXPECT_EQ(reclaim(v1(), Bytes{1}).error().code, base::Code::invalid_argument);
}

TEST_F(CgroupFilesTest, RefusesACapWithoutItsController) {
  auto cgroup = v2();
  cgroup.cpu = {};
  const auto applied = apply_caps(cgroup, kIncident);
  ASSERT_FALSE(applied);
  EXPECT_THAT(applied.error().message, HasSubstr("no cpu controller"));
  EXPECT_EQ(text("memory.max"), "734003200");
}

TEST_F(CgroupFilesTest, ReclaimsAnAmount) {
  ASSERT_TRUE(reclaim(v2(), Bytes{1048576}));
  EXPECT_EQ(text("memory.reclaim"), "1048576");
  EXPECT_FALSE(reclaim(v2(), Bytes{0}));
}

TEST_F(CgroupFilesTest, AttachesToEveryHierarchyOnce) {
  ASSERT_TRUE(attach(v1(), 4242));
  EXPECT_EQ(text("memory/cgroup.procs"), "4242");
  EXPECT_EQ(text("cpu/cgroup.procs"), "4242");
  EXPECT_EQ(text("pids/cgroup.procs"), "4242");
}

TEST_F(CgroupFilesTest, MakesTheChildInEveryHierarchy) {
  const auto child = create_child_cgroup(v1(), "web");
  ASSERT_TRUE(child) << child.error().message;
  EXPECT_EQ(child->memory.path, folder_.at("memory/web"));
  EXPECT_EQ(child->cpuacct.path, folder_.at("cpu/web"));
  EXPECT_FALSE(child->pressure.exists());
  for (const char* folder : {"memory/web", "cpu/web", "pids/web"}) {
    EXPECT_TRUE(std::filesystem::is_directory(folder_.at(folder))) << folder;
  }
  EXPECT_NE(child->inode, 0u);
}

TEST_F(CgroupFilesTest, TakesTheChildThatIsThereAlready) {
  const auto parent = v1();
  EXPECT_EQ(create_child_cgroup(parent, "web").value(), create_child_cgroup(parent, "web").value());
}

TEST_F(CgroupFilesTest, HandsControllersDownOnV2) {
  ASSERT_TRUE(create_child_cgroup(v2(), "web"));
  EXPECT_EQ(text("cgroup.subtree_control"), "+memory +cpu +pids");
}

TEST_F(CgroupFilesTest, RefusesNamesThatLeaveTheParent) {
  for (const char* name : {"", ".", "..", "a/b", "/", "leakguard-agent"}) {
    const auto child = create_child_cgroup(v1(), name);
    ASSERT_FALSE(child) << name;
    EXPECT_EQ(child.error().code, base::Code::invalid_argument) << name;
  }
}

TEST_F(CgroupFilesTest, LeavesNothingBehindWhenAHierarchyRefuses) {
  auto parent = v1();
  parent.pids.path += "-gone";
  ASSERT_FALSE(create_child_cgroup(parent, "web"));
  EXPECT_FALSE(std::filesystem::exists(folder_.at("memory/web")));
}

TEST_F(CgroupFilesTest, RemovesTheFolderAndThoseBelowIt) {
  const auto child = create_child_cgroup(v1(), "web");
  ASSERT_TRUE(child);
  std::filesystem::create_directories(folder_.at("memory/web/a/b"));
  EXPECT_TRUE(remove(*child));
  EXPECT_FALSE(std::filesystem::exists(folder_.at("memory/web")));
  EXPECT_TRUE(remove(*child));  // gone is done
}

TEST_F(CgroupFilesTest, FindsNothingToDoWithoutAFolder) {
  EXPECT_EQ(attach({}, 1).error().code, base::Code::not_found);
  EXPECT_EQ(create_child_cgroup({}, "web").error().code, base::Code::not_found);
  EXPECT_EQ(kill_all({}, std::chrono::milliseconds(1)).error().code, base::Code::not_found);
}

TEST_F(CgroupFilesTest, TakesACgroupThatIsGoneForKilled) {
  auto cgroup = v1();
  cgroup.memory.path += "-gone";
  EXPECT_TRUE(kill_all(cgroup, std::chrono::milliseconds(1)));
}

}  // namespace
}  // namespace guard::action

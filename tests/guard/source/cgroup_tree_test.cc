#include <filesystem>
#include <limits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "guard/source/cgroup/tree.h"
#include "tests/base/temporary_folder.h"

namespace guard::source {
namespace {

using base::Bytes;
using base::Cores;
using base::Duration;
using testing::ElementsAre;
using testing::HasSubstr;

const std::string kHybrid = FIXTURES "/cgroup_hybrid";
const std::string kV2 = FIXTURES "/cgroup_v2";
const std::string kV1InContainer = FIXTURES "/cgroup_v1";
const std::string kContainer = "/docker/3f2a9c41d0b7";
const std::string kService = "/system.slice/web.service";

TEST(CgroupOfPid, HasAFolderForEachControllerOnAHybridHost) {
  CgroupTree tree(kHybrid);
  const auto cgroup = tree.of_pid(4242);
  ASSERT_TRUE(cgroup) << cgroup.error().message;
  EXPECT_EQ(cgroup->memory, (sample::ControllerFolder{kHybrid + "/sys/fs/cgroup/memory" + kContainer, 1}));
  EXPECT_EQ(cgroup->cpu, (sample::ControllerFolder{kHybrid + "/sys/fs/cgroup/cpu" + kContainer, 1}));
  EXPECT_EQ(cgroup->cpuacct, (sample::ControllerFolder{kHybrid + "/sys/fs/cgroup/cpuacct" + kContainer, 1}));
  EXPECT_EQ(cgroup->pids, (sample::ControllerFolder{kHybrid + "/sys/fs/cgroup/pids" + kContainer, 1}));
  EXPECT_EQ(cgroup->pressure, (sample::ControllerFolder{kHybrid + "/sys/fs/cgroup/unified" + kContainer, 2}));
  EXPECT_NE(cgroup->inode, 0u);
}

TEST(CgroupOfPid, IsOneFolderOnV2) {
  CgroupTree tree(kV2);
  const auto cgroup = tree.of_pid(4242);
  ASSERT_TRUE(cgroup) << cgroup.error().message;
  const sample::ControllerFolder folder{kV2 + "/sys/fs/cgroup" + kService, 2};
  EXPECT_EQ(cgroup->memory, folder);
  EXPECT_EQ(cgroup->cpu, folder);
  EXPECT_EQ(cgroup->cpuacct, folder);
  EXPECT_EQ(cgroup->pids, folder);
  EXPECT_EQ(cgroup->pressure, folder);
}

TEST(CgroupOfPid, IsTheTopOfTheMountInAContainerThatSeesItselfOnly) {
  CgroupTree tree(kV1InContainer);
  const auto cgroup = tree.of_pid(4242);
  ASSERT_TRUE(cgroup) << cgroup.error().message;
  EXPECT_EQ(cgroup->memory.path, kV1InContainer + "/sys/fs/cgroup/memory");
  EXPECT_EQ(cgroup->cpuacct.path, kV1InContainer + "/sys/fs/cgroup/cpu,cpuacct");
  EXPECT_FALSE(cgroup->pressure.exists());
}

TEST(CgroupOfPid, IsNotFoundForANeighbourThatTheContainerCannotSee) {
  CgroupTree tree(kV1InContainer);
  const auto cgroup = tree.of_pid(9);
  ASSERT_FALSE(cgroup);
  EXPECT_EQ(cgroup.error().code, base::Code::not_found);
  EXPECT_THAT(cgroup.error().message, HasSubstr("not visible here"));
}

TEST(CgroupOfPid, IsNotFoundForAProcessInTheMachinesRoot) {
  for (const std::string& root : {kHybrid, kV2}) {
    CgroupTree tree(root);
    const auto cgroup = tree.of_pid(1);
    ASSERT_FALSE(cgroup) << root;
    EXPECT_EQ(cgroup.error().code, base::Code::not_found);
    EXPECT_THAT(cgroup.error().message, HasSubstr("no cgroup of its own"));
  }
}

TEST(CgroupOfPid, LeavesOutControllersInWhichTheProcessSharesAHigherPlace) {
  CgroupTree tree(kHybrid);
  const auto cgroup = tree.of_pid(77);  // in memory's /docker/3f2a…, and in "/" everywhere else
  ASSERT_TRUE(cgroup) << cgroup.error().message;
  EXPECT_TRUE(cgroup->memory.exists());
  EXPECT_FALSE(cgroup->cpu.exists());
  EXPECT_FALSE(cgroup->pids.exists());
  EXPECT_FALSE(cgroup->pressure.exists());
}

TEST(CgroupOfPid, IsNotFoundForAProcessThatDoesNotExist) {
  CgroupTree tree(kHybrid);
  const auto cgroup = tree.of_pid(5);
  ASSERT_FALSE(cgroup);
  EXPECT_EQ(cgroup.error().code, base::Code::not_found);
}

TEST(CgroupOfPath, IsLookedForBelowEachHierarchysRoot) {
  CgroupTree hybrid(kHybrid);
  EXPECT_EQ(hybrid.of_path(kContainer).value(), hybrid.of_pid(4242).value());
  CgroupTree v2(kV2);
  EXPECT_EQ(v2.of_path(kService + "/").value(), v2.of_pid(4242).value());
}

TEST(CgroupOfPath, IsNotFoundWhereNoHierarchyHasIt) {
  CgroupTree tree(kV2);
  const auto cgroup = tree.of_path("/system.slice/other.service");
  ASSERT_FALSE(cgroup);
  EXPECT_EQ(cgroup.error().code, base::Code::not_found);
}

TEST(CgroupOfPath, RefusesPathsThatClimbOrAreRelative) {
  CgroupTree tree(kV2);
  for (const char* path : {"", "system.slice", "/system.slice/../..", ".."}) {
    const auto cgroup = tree.of_path(path);
    ASSERT_FALSE(cgroup) << path;
    EXPECT_EQ(cgroup.error().code, base::Code::invalid_argument) << path;
  }
}

TEST(CgroupOfSelf, IsTheParentOfTheAgentsLeaf) {
  CgroupTree tree(kV2);
  const auto cgroup = tree.of_self();
  ASSERT_TRUE(cgroup) << cgroup.error().message;
  EXPECT_EQ(cgroup->memory.path, kV2 + "/sys/fs/cgroup/system.slice/leakguard.service");
}

TEST(CgroupOfSelf, MayBeTheRootOfTheMachine) {
  CgroupTree tree(kHybrid);
  const auto cgroup = tree.of_self();
  ASSERT_TRUE(cgroup) << cgroup.error().message;
  EXPECT_EQ(cgroup->memory.path, kHybrid + "/sys/fs/cgroup/memory");
}

TEST(CgroupTree, SeesOthersFromAContainerWithTheHostsTreeMounted) {
  const base::TemporaryFolder root;
  root.write("proc/self/mountinfo",
             "1 2 0:38 / /sys/fs/cgroup ro - cgroup2 cgroup rw\n3 2 0:38 /../.. /host/cgroup ro - cgroup2 cgroup rw\n");
  root.write("proc/50/cgroup", "0::/../77aa\n");
  root.write("host/cgroup/cgroup.controllers", "memory\n");
  for (const char* name : {"3f2a", "77aa"}) {
    root.write(std::string("host/cgroup/docker/") + name + "/cgroup.controllers", "memory pids\n");
    root.write(std::string("host/cgroup/docker/") + name + "/cgroup.events", "populated 1\n");
  }
  std::filesystem::create_directories(root.at("sys/fs"));
  std::filesystem::create_directory_symlink(root.at("host/cgroup/docker/3f2a"), root.at("sys/fs/cgroup"));
  CgroupTree tree(root.path());
  const auto cgroup = tree.of_pid(50);
  ASSERT_TRUE(cgroup) << cgroup.error().message;
  EXPECT_EQ(cgroup->memory.path, root.at("host/cgroup/docker/77aa"));
}

// systemd enables the CPU controller once a cap on CPU is set.
TEST(WithControllersOfNow, HasAControllerThatWasEnabledMeanwhile) {
  const base::TemporaryFolder root;
  root.write("x.service/cgroup.controllers", "memory pids\n");
  sample::Cgroup known;
  known.memory = known.pids = {root.at("x.service"), 2};
  known.inode = 7;
  EXPECT_EQ(refresh_controllers(known), known);
  root.write("x.service/cgroup.controllers", "cpu memory pids\n");
  sample::Cgroup now = known;
  now.cpu = known.memory;
  EXPECT_EQ(refresh_controllers(known), now);
}

TEST(WithControllersOfNow, IsTheSameOnV1AndOnceItIsGone) {
  sample::Cgroup on_v1;
  on_v1.memory = {kHybrid, 1};
  EXPECT_EQ(refresh_controllers(on_v1), on_v1);
  sample::Cgroup gone;
  gone.memory = {kV2 + "/no-such-folder", 2};
  EXPECT_EQ(refresh_controllers(gone), gone);
}

// A sidecar on a host with the systemd driver; Docker has put the machine's tree in the place of the container's own
// mount.
class Sidecar : public testing::Test {
 protected:
  Sidecar() {
    root.write("proc/self/mountinfo", "1 2 0:38 /../.. /sys/fs/cgroup ro - cgroup2 cgroup rw\n");
    root.write("proc/self/cgroup", "0::/\n");
    root.write("proc/self/stat", "4711 (leakguard) S 1\n");
    root.write("proc/50/cgroup", "0::/../docker-77aa.scope\n");
    root.write("sys/fs/cgroup/cgroup.controllers", "memory\n");
    for (const char* name : {"docker-3f2a.scope", "docker-77aa.scope"}) {
      const std::string folder = std::string("sys/fs/cgroup/system.slice/") + name;
      root.write(folder + "/cgroup.controllers", "memory pids\n");
      root.write(folder + "/cgroup.events", "populated 1\n");
      root.write(folder + "/cgroup.procs", name == std::string("docker-3f2a.scope") ? "4711\n" : "50\n");
    }
  }
  base::TemporaryFolder root;
};

TEST_F(Sidecar, FindsItsOwnPlaceInTheMachinesTreeByItsProcess) {
  CgroupTree tree(root.path());
  EXPECT_TRUE(tree.visibility());
  const auto cgroup = tree.of_pid(50);
  ASSERT_TRUE(cgroup) << cgroup.error().message;
  EXPECT_EQ(cgroup->memory.path, root.at("sys/fs/cgroup/system.slice/docker-77aa.scope"));
}

TEST_F(Sidecar, ThatDoesNotFindItsPlaceSaysSo) {
  root.write("proc/self/stat", "4712 (leakguard) S 1\n");
  CgroupTree tree(root.path());
  EXPECT_FALSE(tree.of_pid(50));
  ASSERT_FALSE(tree.visibility());
  EXPECT_EQ(tree.visibility().error().code, base::Code::unavailable);
  EXPECT_THAT(tree.visibility().error().message, HasSubstr("/host/cgroup"));
}

TEST_F(Sidecar, ThatSeesItsOwnCgroupOnlySaysSo) {
  root.write("proc/self/mountinfo",
             "1 2 0:38 / /sys/fs/cgroup/system.slice/docker-3f2a.scope ro - cgroup2 cgroup rw\n");
  EXPECT_FALSE(CgroupTree(root.path()).visibility());
}

TEST(Visibility, IsThereOnAHostOfEitherVersion) {
  EXPECT_TRUE(CgroupTree(kV2).visibility());
  EXPECT_TRUE(CgroupTree(kHybrid).visibility());
}

TEST(CgroupTree, IsUnavailableUntilAHierarchyIsMounted) {
  const base::TemporaryFolder root;
  root.write("proc/self/mountinfo", "22 27 0:21 / /proc rw - proc proc rw\n");
  root.write("proc/50/cgroup", "0::/a\n");
  CgroupTree tree(root.path());
  ASSERT_FALSE(tree.of_pid(50));
  EXPECT_EQ(tree.of_pid(50).error().code, base::Code::unavailable);
  root.write("proc/self/mountinfo", "3 2 0:38 / /cgroup rw - cgroup2 cgroup rw\n");
  root.write("cgroup/a/cgroup.events", "populated 1\n");
  root.write("cgroup/a/cgroup.controllers", "memory\n");
  EXPECT_TRUE(tree.of_pid(50));
}

TEST(CgroupProcesses, AreAscendingAndEachOnce) {
  CgroupTree tree(kV2);
  const auto processes = tree.processes(*tree.of_pid(4242));
  ASSERT_TRUE(processes);
  EXPECT_THAT(*processes, ElementsAre(4242, 4243));
}

}  // namespace
}  // namespace guard::source

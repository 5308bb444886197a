#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "guard/source/cgroup/mounts.h"

namespace guard::source {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(Mountinfo, FindsBothVersionsAndPassesOthersOver) {
  const auto mounts = parse_mountinfo(
      "22 27 0:21 / /proc rw,relatime - proc proc rw\n"
      "32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw,relatime shared:9 - cgroup cgroup rw,cpu,cpuacct\n"
      "41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw,nsdelegate\n");
  ASSERT_EQ(mounts.size(), 2u);
  EXPECT_EQ(mounts[0].version, 1);
  EXPECT_THAT(mounts[0].controllers, ElementsAre("cpu", "cpuacct"));
  EXPECT_EQ(mounts[0].folder, "/sys/fs/cgroup/cpu,cpuacct");
  EXPECT_EQ(mounts[1].version, 2);
  EXPECT_THAT(mounts[1].controllers, IsEmpty());
}

TEST(Mountinfo, TellsANamedHierarchyFromItsFlags) {
  const auto mounts = parse_mountinfo(
      "40 31 0:37 / /sys/fs/cgroup/systemd rw - cgroup cgroup "
      "rw,xattr,release_agent=/usr/lib/systemd/systemd-cgroups-agent,name=systemd\n");
  ASSERT_EQ(mounts.size(), 1u);
  EXPECT_THAT(mounts[0].controllers, ElementsAre("name=systemd"));
}

TEST(Mountinfo, UnescapesBlanksInPaths) {
  const auto mounts = parse_mountinfo("41 31 0:38 /a\\040b /host\\040sys/\\134x rw - cgroup2 cgroup2 rw\n");
  ASSERT_EQ(mounts.size(), 1u);
  EXPECT_EQ(mounts[0].shows, "/a b");
  EXPECT_EQ(mounts[0].folder, "/host sys/\\x");
}

TEST(Mountinfo, PassesMalformedLinesOver) {
  EXPECT_THAT(parse_mountinfo("\n - \n41 31 - cgroup2 cgroup2 rw\n41 31 0:38 / /x rw - cgroup2\ncgroup2"), IsEmpty());
}

TEST(Mountinfo, KeepsTheMountThatShowsMoreAndRemembersItsOwn) {
  const std::string own = "1 2 0:38 / /sys/fs/cgroup ro - cgroup2 cgroup rw\n";
  const std::string host = "3 2 0:38 /../.. /host/sys/fs/cgroup ro - cgroup2 cgroup rw\n";
  for (const std::string& text : {own + host, host + own}) {
    const auto mounts = parse_mountinfo(text);
    ASSERT_EQ(mounts.size(), 1u);
    EXPECT_EQ(mounts[0].folder, "/host/sys/fs/cgroup");
    EXPECT_EQ(mounts[0].own, "/sys/fs/cgroup");
  }
}

TEST(Membership, ReadsBothVersions) {
  const auto places = parse_membership("4:cpu,cpuacct:/docker/3f2a\n1:name=systemd:/x\n0::/system.slice/a:b.service\n");
  ASSERT_EQ(places.size(), 3u);
  EXPECT_THAT(places[0].controllers, ElementsAre("cpu", "cpuacct"));
  EXPECT_EQ(places[0].path, "/docker/3f2a");
  EXPECT_THAT(places[1].controllers, ElementsAre("name=systemd"));
  EXPECT_EQ(places[2].version, 2);
  EXPECT_EQ(places[2].path, "/system.slice/a:b.service");
}

TEST(Membership, PassesMalformedAndDeletedPlacesOver) {
  EXPECT_THAT(parse_membership("\n0::\nx::/a\n0::/gone (deleted)\n0:"), IsEmpty());
}

CgroupMount mount_showing(const std::string& shows, std::vector<std::string> to_own = {}) {
  CgroupMount mount;
  mount.shows = shows;
  mount.to_own = std::move(to_own);
  return mount;
}

TEST(PathBelowMount, IsThePathItselfOnAHost) {
  EXPECT_EQ(path_below_mount(mount_showing("/"), "/system.slice/x.service"), "/system.slice/x.service");
  EXPECT_EQ(path_below_mount(mount_showing("/"), "/"), "");
}

TEST(PathBelowMount, DoesNotLeaveTheMount) {
  for (const char* path : {"/a/..", "/a/../b", "/a/../../etc"})
    EXPECT_FALSE(path_below_mount(mount_showing("/"), path)) << path;
  EXPECT_EQ(path_below_mount(mount_showing("/"), "/a/..b"), "/a/..b");
}

TEST(PathBelowMount, LosesThePartAboveAContainersView) {
  const auto mount = mount_showing("/docker/3f2a");
  EXPECT_EQ(path_below_mount(mount, "/docker/3f2a"), "");
  EXPECT_EQ(path_below_mount(mount, "/docker/3f2a/child"), "/child");
}

TEST(PathBelowMount, IsNothingOutsideOfAContainersView) {
  const auto mount = mount_showing("/docker/3f2a");
  EXPECT_FALSE(path_below_mount(mount, "/docker/77aa"));
  EXPECT_FALSE(path_below_mount(mount, "/docker/3f2ab"));
  EXPECT_FALSE(path_below_mount(mount, "/docker"));
  EXPECT_FALSE(path_below_mount(mount_showing("/"), "/../77aa"));
}

TEST(PathBelowMount, GoesUpAndDownAgainInAMountOfTheHostsTree) {
  const auto mount = mount_showing("/../..", {"docker", "3f2a"});
  EXPECT_EQ(path_below_mount(mount, "/"), "/docker/3f2a");
  EXPECT_EQ(path_below_mount(mount, "/../77aa"), "/docker/77aa");
  EXPECT_EQ(path_below_mount(mount, "/../../system.slice/x.service"), "/system.slice/x.service");
  EXPECT_FALSE(path_below_mount(mount, "/../../../x"));
}

TEST(PathBelowMount, IsNothingWhileTheNamesInBetweenAreUnknown) {
  EXPECT_FALSE(path_below_mount(mount_showing("/../.."), "/../77aa"));
  EXPECT_EQ(path_below_mount(mount_showing("/../.."), "/../../x"), "/x");
}

}  // namespace
}  // namespace guard::source

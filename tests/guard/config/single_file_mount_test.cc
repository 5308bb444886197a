#include "guard/config/single_file_mount.h"

#include <gtest/gtest.h>

namespace guard::config {
namespace {

constexpr const char* kMounts =
    "22 28 0:21 / /proc rw,nosuid shared:12 - proc proc rw\n"
    "28 1 254:1 / / rw,relatime shared:1 - ext4 /dev/vda1 rw\n"
    "90 28 254:1 /home/me/leakguard.yml /etc/leakguard/leakguard.yml ro - ext4 /dev/vda1 rw\n"
    "91 28 254:1 /x /etc/with\\040blank.yml ro - ext4 /dev/vda1 rw\n"
    "92\n\n";

TEST(SingleFileMount, IsFoundAmongTheMounts) {
  EXPECT_TRUE(is_mount_point(kMounts, "/etc/leakguard/leakguard.yml"));
  EXPECT_TRUE(is_mount_point(kMounts, "/etc/with blank.yml"));
}

TEST(SingleFileMount, IsNotTheFileOfAMountedFolder) {
  EXPECT_FALSE(is_mount_point(kMounts, "/etc/leakguard/other.yml"));
  EXPECT_FALSE(is_mount_point(kMounts, "/home/me/leakguard.yml"));
  EXPECT_FALSE(is_mount_point("", "/"));
  EXPECT_FALSE(is_mount_point("28 1", "/"));
}

TEST(SingleFileMount, OfAnOrdinaryFileOrOfNoneIsNothingToWarnOf) {
  EXPECT_EQ(warn_of_single_file_mount("/proc/self/exe"), "");
  EXPECT_EQ(warn_of_single_file_mount("/nowhere/leakguard.yml"), "");
}

}  // namespace
}  // namespace guard::config

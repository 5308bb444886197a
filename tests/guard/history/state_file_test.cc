#include "guard/history/state_file.h"

#include <filesystem>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/base/temporary_folder.h"

namespace guard::history {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

mode_t mode_of(const std::string& path) {
  struct stat status {};
  EXPECT_EQ(::stat(path.c_str(), &status), 0) << path;
  return status.st_mode & 07777;
}

TEST(StateFile, AndItsFolderAreNobodyElses) {
  const base::TemporaryFolder folder;
  ASSERT_TRUE(make_state_folder(folder.at("a/state")));
  ASSERT_TRUE(make_state_folder(folder.at("a/state"))) << "it may be there";
  EXPECT_EQ(mode_of(folder.at("a/state")), 0700u);
  const auto fd = open_state_file(folder.at("a/state/actions.jsonl"), O_WRONLY | O_CREAT);
  ASSERT_TRUE(fd);
  ::close(*fd);
  EXPECT_EQ(mode_of(folder.at("a/state/actions.jsonl")), 0600u);
}

TEST(StateFile, FollowsALinkInAFolderOfItsOwn) {
  const base::TemporaryFolder folder;
  folder.write("elsewhere", "");
  fs::create_symlink(folder.at("elsewhere"), folder.at("actions.jsonl"));
  const auto fd = open_state_file(folder.at("actions.jsonl"), O_WRONLY);
  ASSERT_TRUE(fd);
  ::close(*fd);
}

TEST(StateFile, FollowsNoLinkWhereOthersMayWrite) {
  const base::TemporaryFolder folder;
  folder.write("elsewhere", "");
  fs::create_symlink(folder.at("elsewhere"), folder.at("actions.jsonl"));
  ::chmod(folder.path().c_str(), 01777);
  const auto fd = open_state_file(folder.at("actions.jsonl"), O_WRONLY | O_CREAT);
  ASSERT_FALSE(fd);
  EXPECT_THAT(fd.error().message, HasSubstr("a symbolic link in a folder that other users may write to"));
}

TEST(StateFile, IsARegularFile) {
  const base::TemporaryFolder folder;
  ASSERT_EQ(::mkfifo(folder.at("pipe").c_str(), 0600), 0);
  fs::create_symlink("/dev/full", folder.at("device"));
  for (const char* name : {"pipe", "device"}) {
    const auto fd = open_state_file(folder.at(name), O_WRONLY | O_APPEND | O_CREAT);
    ASSERT_FALSE(fd) << name;
    EXPECT_THAT(fd.error().message, HasSubstr("not a regular file")) << name;
  }
}

}  // namespace
}  // namespace guard::history

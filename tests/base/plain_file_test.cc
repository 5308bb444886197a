#include "base/plain_file.h"

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace base {
namespace {

using testing::HasSubstr;

class PlainFile : public testing::Test {
 protected:
  PlainFile() { folder = ::mkdtemp(folder.data()); }
  ~PlainFile() override { std::filesystem::remove_all(folder); }
  [[nodiscard]] std::string at(const std::string& name) const { return folder + "/" + name; }

  std::string folder = testing::TempDir() + "plain-file-XXXXXX";
};

TEST_F(PlainFile, IsReadUpToTheBound) {
  std::ofstream(at("file")) << "0123456789";
  std::filesystem::create_symlink(at("file"), at("link"));
  for (const char* name : {"file", "link"}) {
    EXPECT_TRUE(check_plain_file(at(name))) << name;
    EXPECT_EQ(read_plain_file(at(name), 100).value(), "0123456789") << name;
    EXPECT_EQ(read_plain_file(at(name), 4).value(), "0123") << name;
  }
}

TEST_F(PlainFile, ThatIsMissingIsSaidToBe) {
  EXPECT_EQ(check_plain_file(at("none")).error().code, Code::not_found);
  EXPECT_EQ(read_plain_file(at("none"), 4).error().code, Code::not_found);
}

// A pipe would be waited for, a device never ends, and a folder makes a stream throw.
TEST_F(PlainFile, IsNeitherPipeNorDeviceNorFolder) {
  ASSERT_EQ(::mkfifo(at("pipe").c_str(), 0600), 0);
  std::filesystem::create_symlink("/dev/zero", at("device"));
  std::filesystem::create_directory(at("folder"));
  for (const char* name : {"pipe", "device", "folder"}) {
    EXPECT_FALSE(check_plain_file(at(name))) << name;
    const auto read = read_plain_file(at(name), 4);
    ASSERT_FALSE(read) << name;
    EXPECT_THAT(read.error().message, HasSubstr("not a regular file")) << name;
    EXPECT_FALSE(open_plain_file(at(name), O_WRONLY | O_APPEND | O_CREAT, 0600)) << name;
  }
}

}  // namespace
}  // namespace base

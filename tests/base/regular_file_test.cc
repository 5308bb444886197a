#include "base/regular_file.h"

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

class RegularFile : public testing::Test {
 protected:
  RegularFile() { folder = ::mkdtemp(folder.data()); }
  ~RegularFile() override { std::filesystem::remove_all(folder); }
  [[nodiscard]] std::string at(const std::string& name) const { return folder + "/" + name; }

  std::string folder = testing::TempDir() + "plain-file-XXXXXX";
};

TEST_F(RegularFile, IsReadUpToTheBound) {
  std::ofstream(at("file")) << "0123456789";
  std::filesystem::create_symlink(at("file"), at("link"));
  for (const char* name : {"file", "link"}) {
    EXPECT_TRUE(check_regular_file(at(name))) << name;
    EXPECT_EQ(read_regular_file(at(name), 100).value(), "0123456789") << name;
    EXPECT_EQ(read_regular_file(at(name), 4).value(), "0123") << name;
  }
}

TEST_F(RegularFile, TakesNoMoreMemoryThanItNeeds) {
  std::ofstream(at("small")) << "x";
  EXPECT_LT(read_regular_file(at("small"), 1U << 20).value().capacity(), 4096U);
  std::ofstream(at("large")) << std::string(100'000, 'x');
  EXPECT_EQ(read_regular_file(at("large"), 1U << 20).value(), std::string(100'000, 'x'));
  EXPECT_EQ(read_regular_file(at("large"), 50'000).value().size(), 50'000U);
}

TEST_F(RegularFile, ThatIsMissingIsNotFound) {
  EXPECT_EQ(check_regular_file(at("none")).error().code, Code::not_found);
  EXPECT_EQ(read_regular_file(at("none"), 4).error().code, Code::not_found);
}

// A pipe would be waited for, a device never ends, and a folder makes a stream throw.
TEST_F(RegularFile, IsNeitherPipeNorDeviceNorFolder) {
  ASSERT_EQ(::mkfifo(at("pipe").c_str(), 0600), 0);
  std::filesystem::create_symlink("/dev/zero", at("device"));
  std::filesystem::create_directory(at("folder"));
  for (const char* name : {"pipe", "device", "folder"}) {
    EXPECT_FALSE(check_regular_file(at(name))) << name;
    const auto read = read_regular_file(at(name), 4);
    ASSERT_FALSE(read) << name;
    EXPECT_THAT(read.error().message, HasSubstr("not a regular file")) << name;
    EXPECT_FALSE(open_regular_file(at(name), O_WRONLY | O_APPEND | O_CREAT, 0600)) << name;
  }
}

}  // namespace
}  // namespace base

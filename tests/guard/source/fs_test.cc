#include "guard/source/fs.h"

#include <cerrno>

#include <fcntl.h>

#include <gtest/gtest.h>

#include "guard/source/fs_text.h"
#include "tests/base/temporary_folder.h"

namespace guard::source {
namespace {

TEST(SmallFiles, ReadAFileBelowAnOpenFolder) {
  const base::TemporaryFolder root;
  root.write("memory.max", "max\n");
  const Folder folder(root.path());
  SmallFileBuffer buffer;
  const auto file = SmallFiles::system().read(folder.fd(), "memory.max", buffer);
  EXPECT_EQ(file.error_number, 0);
  EXPECT_EQ(file.text, "max\n");
}

TEST(SmallFiles, RefuseAFileThatFillsTheBuffer) {
  const base::TemporaryFolder root;
  root.write("fits", std::string(15, 'x'));
  root.write("fills", std::string(16, 'x'));
  std::array<char, 16> buffer;
  EXPECT_EQ(SmallFiles::system().read(AT_FDCWD, root.at("fits").c_str(), buffer).error_number, 0);
  EXPECT_EQ(SmallFiles::system().read(AT_FDCWD, root.at("fills").c_str(), buffer).error_number, EFBIG);
}

TEST(SmallFiles, TellTheKernelsError) {
  std::array<char, 16> buffer;
  EXPECT_EQ(SmallFiles::system().read(AT_FDCWD, "/nonexistent/x", buffer).error_number, ENOENT);
  EXPECT_EQ(SmallFiles::system().read(AT_FDCWD, "/", buffer).error_number, EISDIR);
}

TEST(ReadWhole, IsBounded) {
  const base::TemporaryFolder root;
  root.write("a", std::string(10'000, 'x'));
  EXPECT_EQ(read_whole(root.at("a"), 10'000).value_or("").size(), 10'000u);
  EXPECT_EQ(read_whole(root.at("a"), 9'999).error().code, base::Code::too_large);
  EXPECT_EQ(read_whole(root.at("b"), 1).error().code, base::Code::not_found);
}

TEST(Folder, SaysWhyItIsNotOpen) {
  EXPECT_EQ(Folder("/nonexistent").error_number(), ENOENT);
  EXPECT_EQ(Folder("/proc/self/stat").error_number(), ENOTDIR);
}

TEST(JoinPath, HasOneSlashAtTheSeam) {
  EXPECT_EQ(join_path("/", "/proc/1"), "/proc/1");
  EXPECT_EQ(join_path("/", "proc/1"), "/proc/1");
  EXPECT_EQ(join_path("tree/", "/proc/1"), "tree/proc/1");
  EXPECT_EQ(join_path("tree", "/"), "tree/");
}

TEST(ParseNumber, TakesNothingButANumber) {
  EXPECT_EQ(parse_number<int>(" 12\n"), 12);
  EXPECT_FALSE(parse_number<int>("12a"));
  EXPECT_FALSE(parse_number<int>(""));
  EXPECT_FALSE(parse_number<int>("2147483648"));
  EXPECT_FALSE(parse_number<int>("+1"));
}

}  // namespace
}  // namespace guard::source

#include "guard/history/journal.h"

#include <csignal>
#include <filesystem>
#include <fstream>

#include <sys/resource.h>

#include <gtest/gtest.h>

#include "tests/base/temporary_folder.h"

namespace guard::history {
namespace {

using base::TemporaryFolder;

std::string read(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

std::size_t files_in(const base::TemporaryFolder& folder) {
  const std::filesystem::directory_iterator files(folder.path());
  return static_cast<std::size_t>(std::distance(begin(files), end(files)));
}

TEST(Journal, WritesOneLineEach) {
  const base::TemporaryFolder folder;
  Journal journal(folder.at("actions.jsonl"));
  ASSERT_TRUE(journal.append(R"({"number":1})"));
  ASSERT_TRUE(journal.append(R"({"number":2})"));
  EXPECT_EQ(read(folder.at("actions.jsonl")), "{\"number\":1}\n{\"number\":2}\n");
}

TEST(Journal, MakesItsFolder) {
  const base::TemporaryFolder folder;
  Journal journal(folder.at("var/lib/leakguard/actions.jsonl"));
  ASSERT_TRUE(journal.append("{}"));
  EXPECT_EQ(read(folder.at("var/lib/leakguard/actions.jsonl")), "{}\n");
}

TEST(Journal, GoesOnWhereTheOneBeforeEnded) {
  const base::TemporaryFolder folder;
  folder.write("actions.jsonl", "{\"number\":1}\n");
  Journal journal(folder.at("actions.jsonl"));
  ASSERT_TRUE(journal.append(R"({"number":2})"));
  EXPECT_EQ(read(folder.at("actions.jsonl")), "{\"number\":1}\n{\"number\":2}\n");
}

TEST(Journal, KeepsNothingWithoutAPath) {
  Journal journal("");
  EXPECT_TRUE(journal.append("{}"));
}

TEST(Rotation, ComesWithTheByteOverTheBound) {
  const base::TemporaryFolder folder;
  Journal journal(folder.at("actions.jsonl"), 10);
  ASSERT_TRUE(journal.append("1234"));
  ASSERT_TRUE(journal.append("5678"));
  EXPECT_EQ(files_in(folder), 1u) << "ten bytes with their line ends: full, not over";
  ASSERT_TRUE(journal.append("9"));
  EXPECT_EQ(read(folder.at("actions.jsonl.1")), "1234\n5678\n");
  EXPECT_EQ(read(folder.at("actions.jsonl")), "9\n");
}

TEST(Rotation, CountsWhatWasThereBefore) {
  const base::TemporaryFolder folder;
  folder.write("actions.jsonl", "123456789\n");
  Journal journal(folder.at("actions.jsonl"), 10);
  ASSERT_TRUE(journal.append("a"));
  EXPECT_EQ(read(folder.at("actions.jsonl.1")), "123456789\n");
}

TEST(Rotation, KeepsTwoFilesAtMost) {
  const base::TemporaryFolder folder;
  Journal journal(folder.at("actions.jsonl"), 10);
  for (int i = 0; i < 50; ++i) ASSERT_TRUE(journal.append("1234"));
  EXPECT_EQ(files_in(folder), 2u);
  EXPECT_LE(read(folder.at("actions.jsonl")).size() + read(folder.at("actions.jsonl.1")).size(), 20u);
}

TEST(Rotation, TakesALineLongerThanTheBoundByItself) {
  const base::TemporaryFolder folder;
  Journal journal(folder.at("actions.jsonl"), 10);
  ASSERT_TRUE(journal.append("a line that is longer"));
  ASSERT_TRUE(journal.append("b"));
  EXPECT_EQ(read(folder.at("actions.jsonl.1")), "a line that is longer\n");
  EXPECT_EQ(read(folder.at("actions.jsonl")), "b\n");
}

TEST(BrokenDisk, IsReturned) {
  const base::TemporaryFolder folder;
  folder.write("file", "");
  Journal journal(folder.at("file/actions.jsonl"));
  const auto appended = journal.append("{}");
  ASSERT_FALSE(appended);
  EXPECT_NE(appended.error().message.find("actions.jsonl"), std::string::npos);
}

TEST(BrokenDisk, IsTriedAgainWithTheNextLine) {
  const base::TemporaryFolder folder;
  folder.write("state", "in the folder's place");
  Journal journal(folder.at("state/actions.jsonl"));
  ASSERT_FALSE(journal.append("1"));
  std::filesystem::remove(folder.at("state"));
  ASSERT_TRUE(journal.append("2"));
  EXPECT_EQ(read(folder.at("state/actions.jsonl")), "2\n");
}

TEST(BrokenDisk, ThatHindersRotationIsReturnedAndTriedAgain) {
  const base::TemporaryFolder folder;
  Journal journal(folder.at("actions.jsonl"), 4);
  ASSERT_TRUE(journal.append("123"));
  std::filesystem::create_directories(folder.at("actions.jsonl.1/in-its-place"));
  ASSERT_FALSE(journal.append("456"));
  std::filesystem::remove_all(folder.at("actions.jsonl.1"));
  ASSERT_TRUE(journal.append("789"));
  EXPECT_EQ(read(folder.at("actions.jsonl")), "789\n");
  EXPECT_EQ(read(folder.at("actions.jsonl.1")), "123\n");
}

// A disk of twelve bytes: the kernel's limit on a file's size fails writes as a full disk does.
class FullDisk {
 public:
  FullDisk() : handler_(std::signal(SIGXFSZ, SIG_IGN)) {
    ::getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit small = {12, before_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &small);
  }
  ~FullDisk() {
    ::setrlimit(RLIMIT_FSIZE, &before_);
    (void)std::signal(SIGXFSZ, handler_);
  }

 private:
  void (*handler_)(int);
  rlimit before_ = {};
};

TEST(BrokenDisk, ThatIsFullCostsOneLineAndNotTheNext) {
  const base::TemporaryFolder folder;
  Journal journal(folder.at("actions.jsonl"));
  {
    const FullDisk disk;
    ASSERT_TRUE(journal.append("12345"));
    ASSERT_FALSE(journal.append("half of this fits")) << "six bytes do";
    ASSERT_FALSE(journal.append("none"));
  }
  ASSERT_TRUE(journal.append("there is room again"));
  EXPECT_EQ(read(folder.at("actions.jsonl")), "12345\nhalf o\nthere is room again\n")
      << "what was cut off must not spoil the line after it";
}

}  // namespace
}  // namespace guard::history

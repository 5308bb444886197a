#include "guard/source/file_log.h"

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <sys/stat.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/guard/source/temporary_folder.h"

namespace guard::source {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
namespace fs = std::filesystem;

class FileLogTest : public testing::Test {
 protected:
  // The lines that came since the last call.
  std::vector<std::string> poll() {
    std::vector<std::string> lines;
    log_.poll([&](std::string_view line) { lines.emplace_back(line); });
    return last_ = lines;
  }
  TemporaryFolder folder_;
  std::vector<std::string> last_;  // what poll() returned last
  std::vector<std::string> seen_;
  FileLog log_{folder_.at("app.log")};
};

TEST_F(FileLogTest, BeginsAtTheEndOfWhatIsThere) {
  folder_.write("app.log", "old\n");
  EXPECT_THAT(poll(), IsEmpty());
  folder_.append("app.log", "new\n");
  EXPECT_THAT(poll(), ElementsAre("new"));
  EXPECT_TRUE(log_.up());
}

TEST_F(FileLogTest, ReadsAFileThatAppearsLaterFromItsBeginning) {
  EXPECT_THAT(poll(), IsEmpty());
  EXPECT_FALSE(log_.up());
  EXPECT_THAT(log_.why(), HasSubstr("No such file"));
  folder_.write("app.log", "first\n");
  EXPECT_THAT(poll(), ElementsAre("first"));
  EXPECT_TRUE(log_.up());
}

TEST_F(FileLogTest, JoinsALineWrittenInPieces) {
  folder_.write("app.log", "");
  poll();
  folder_.append("app.log", "Cleaned ");
  EXPECT_THAT(poll(), IsEmpty());
  folder_.append("app.log", "up 3\n");
  EXPECT_THAT(poll(), ElementsAre("Cleaned up 3"));
}

TEST_F(FileLogTest, ReadsTheOldFileToItsEndAfterARotation) {
  folder_.write("app.log", "");
  poll();
  folder_.append("app.log", "a\n");
  fs::rename(folder_.at("app.log"), folder_.at("app.log.1"));
  folder_.append("app.log.1", "b\n");
  folder_.write("app.log", "c\n");
  EXPECT_THAT(poll(), ElementsAre("a", "b"));
  folder_.append("app.log.1", "late\n");  // the writer has not been told yet
  EXPECT_THAT(poll(), ElementsAre("late", "c"));
  folder_.append("app.log", "d\n");
  EXPECT_THAT(poll(), ElementsAre("d"));
  EXPECT_EQ(log_.rotations(), 1u);
  EXPECT_TRUE(log_.up());
}

TEST_F(FileLogTest, HandsOnALineThatTheRotationLeftUnended) {
  folder_.write("app.log", "");
  poll();
  folder_.append("app.log", "half");
  fs::rename(folder_.at("app.log"), folder_.at("app.log.1"));
  folder_.write("app.log", "next\n");
  EXPECT_THAT(poll(), IsEmpty());
  EXPECT_THAT(poll(), ElementsAre("half", "next"));
}

TEST_F(FileLogTest, BeginsAgainWhenTheFileWasTruncated) {
  folder_.write("app.log", "");
  poll();
  folder_.append("app.log", "a long line\n");
  EXPECT_THAT(poll(), ElementsAre("a long line"));
  folder_.write("app.log", "short\n");
  EXPECT_THAT(poll(), ElementsAre("short"));
  EXPECT_EQ(log_.rotations(), 1u);
}

TEST_F(FileLogTest, NoticesATruncationAfterWhichTheFileHasGrownPastTheOldEnd) {
  folder_.write("app.log", "");
  poll();
  folder_.append("app.log", "one\n");
  EXPECT_THAT(poll(), ElementsAre("one"));
  folder_.append("app.log", "two\n");
  EXPECT_THAT(poll(), ElementsAre("two"));
  folder_.write("app.log", "three\nfour\nfive\n");
  EXPECT_THAT(poll(), ElementsAre("three", "four", "five"));
}

TEST_F(FileLogTest, NoticesSuchATruncationOfAFileThatWasThereAtTheStart) {
  folder_.write("app.log", "old\n");
  poll();
  folder_.write("app.log", "three\nfour\nfive\n");
  EXPECT_THAT(poll(), ElementsAre("three", "four", "five"));
}

TEST_F(FileLogTest, IsDownOnlyWhenTheFileStaysAway) {
  folder_.write("app.log", "");
  poll();
  fs::remove(folder_.at("app.log"));
  EXPECT_THAT(poll(), IsEmpty());
  EXPECT_TRUE(log_.up());
  EXPECT_THAT(poll(), IsEmpty());
  EXPECT_FALSE(log_.up());
  folder_.write("app.log", "back\n");
  EXPECT_THAT(poll(), ElementsAre("back"));
  EXPECT_TRUE(log_.up());
}

TEST_F(FileLogTest, LosesNoFileThatIsRotatedAwayWithinTheGrace) {
  folder_.write("app.log", "");
  poll();
  for (int file = 1; file <= 5; ++file) {
    folder_.append("app.log", "line " + std::to_string(file) + "\n");
    fs::rename(folder_.at("app.log"), folder_.at("app.log." + std::to_string(file)));
    folder_.write("app.log", "");
    poll();
    seen_.insert(seen_.end(), last_.begin(), last_.end());
  }
  while (!poll().empty()) seen_.insert(seen_.end(), last_.begin(), last_.end());
  EXPECT_THAT(seen_, ElementsAre("line 1", "line 2", "line 3", "line 4", "line 5"));
}

TEST_F(FileLogTest, ReadsWhatATruncationCutOffFromTheCopy) {
  folder_.write("app.log", "");
  poll();
  folder_.append("app.log", "one\ntw");
  EXPECT_THAT(poll(), ElementsAre("one"));
  folder_.append("app.log", "o\nthree\n");
  fs::copy_file(folder_.at("app.log"), folder_.at("app.log.1"));
  folder_.write("app.log", "four, and so long that the file has grown past the old end\n");
  EXPECT_THAT(poll(), ElementsAre("two", "three", "four, and so long that the file has grown past the old end"));
  EXPECT_EQ(log_.rotations(), 1u);
  EXPECT_THAT(poll(), IsEmpty());
}

TEST_F(FileLogTest, TakesNoOtherFileForTheCopy) {
  folder_.write("app.log", "");
  poll();
  folder_.append("app.log", "one\n");
  EXPECT_THAT(poll(), ElementsAre("one"));
  folder_.write("app.log.1", "ten\nan older rotation\n");
  folder_.write("app.log", "");
  EXPECT_THAT(poll(), IsEmpty());
}

TEST_F(FileLogTest, SkipsTheHoleOfAWriterThatDoesNotAppend) {
  folder_.write("app.log", "");
  std::ofstream writer(folder_.at("app.log"));
  poll();
  constexpr off_t kHole = off_t{1} << 40;  // one read at any speed would take for ever
  writer << "before\n" << std::flush;
  EXPECT_THAT(poll(), ElementsAre("before"));
  fs::resize_file(folder_.at("app.log"), 0);
  writer.seekp(kHole);
  writer << "after\n" << std::flush;
  EXPECT_THAT(poll(), ElementsAre("after"));
  EXPECT_EQ(log_.lag_bytes(), 0u);
  fs::resize_file(folder_.at("app.log"), 0);
  writer << "again\n" << std::flush;
  EXPECT_THAT(poll(), ElementsAre("again"));
}

TEST_F(FileLogTest, DropsNulBytesWhereTheyAreNoHole) {
  folder_.write("app.log", "");
  poll();
  folder_.append("app.log", std::string(300'000, '\0') + "Cleaned up 7\n");
  EXPECT_THAT(poll(), ElementsAre("Cleaned up 7"));
}

TEST_F(FileLogTest, GivesAWriterItsGraceHoweverMuchThereIsToRead) {
  folder_.write("app.log", "");
  poll();
  std::string text;
  while (text.size() < 3 * FileLog::kMaxPollBytes) text += "a line of a flood\n";
  folder_.append("app.log", text);
  fs::rename(folder_.at("app.log"), folder_.at("app.log.1"));
  folder_.write("app.log", "new\n");
  for (int slice = 0; slice < 4; ++slice) poll();
  folder_.append("app.log.1", "late\n");  // the writer has not been told yet
  EXPECT_THAT(poll(), ElementsAre("late", "new"));
}

TEST_F(FileLogTest, ReadsNoMoreThanItsBoundAtOnce) {
  folder_.write("app.log", "");
  poll();
  const std::string line(1023, 'x');
  std::string text;
  for (int i = 0; i < 1500; ++i) text += line + '\n';
  folder_.append("app.log", text);
  EXPECT_EQ(poll().size(), FileLog::kMaxPollBytes / 1024);
  EXPECT_EQ(log_.lag_bytes(), 1500 * 1024 - FileLog::kMaxPollBytes);
  EXPECT_EQ(poll().size(), 1500 - FileLog::kMaxPollBytes / 1024);
}

TEST_F(FileLogTest, RefusesWhatIsNoRegularFile) {
  fs::create_directory(folder_.at("app.log"));
  poll();
  EXPECT_THAT(log_.why(), HasSubstr("not a regular file"));
  fs::remove(folder_.at("app.log"));
  ASSERT_EQ(::mkfifo(folder_.at("app.log").c_str(), 0600), 0);
  poll();
  EXPECT_THAT(log_.why(), HasSubstr("not a regular file"));
}

TEST_F(FileLogTest, GoesOnAfterBeingMoved) {
  folder_.write("app.log", "");
  poll();
  FileLog moved(std::move(log_));
  folder_.append("app.log", "x\n");
  std::vector<std::string> lines;
  moved.poll([&](std::string_view line) { lines.emplace_back(line); });
  EXPECT_THAT(lines, ElementsAre("x"));
}

}  // namespace
}  // namespace guard::source

#include "guard/source/log/file_log.h"

#include <filesystem>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include <sys/stat.h>
#include <time.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "guard/source/log/rotated_files.h"
#include "tests/base/temporary_folder.h"

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
  // Until nothing more can come.
  void poll_all() {
    for (int empty = 0; empty < 4;) {
      empty = poll().empty() ? empty + 1 : 0;
      seen_.insert(seen_.end(), last_.begin(), last_.end());
    }
  }
  // Renames the log to the next number, and begins a new one.
  void rotate(std::string_view text) {
    if (fs::exists(folder_.at("app.log")))
      fs::rename(folder_.at("app.log"), folder_.at("app.log." + std::to_string(++number_)));
    folder_.write("app.log", text);
  }
  // Waits until the clock that stamps files is past all stamps so far, which may be finer than its ticks.
  static void next_tick() {
    timespec now{};
    ::clock_gettime(CLOCK_REALTIME, &now);
    while (!is_earlier(now, file_time_now())) std::this_thread::yield();
  }
  base::TemporaryFolder folder_;
  int number_ = 100;
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

TEST_F(FileLogTest, ReadsFilesThatCameAndWereRenamedBetweenTwoPolls) {
  folder_.write("app.log", "before\n");
  poll();
  folder_.append("app.log", "first\n");
  rotate("second\n");
  rotate("third\n");
  rotate("fourth\n");
  poll_all();
  EXPECT_THAT(seen_, ElementsAre("first", "second", "third", "fourth"));
  EXPECT_EQ(log_.rotations(), 3u);
}

TEST_F(FileLogTest, ReadsAFileThatWasRenamedBeforeThePathWasSeenAgain) {
  EXPECT_THAT(poll(), IsEmpty());
  folder_.write("app.log", "first\n");
  rotate("second\n");
  fs::rename(folder_.at("app.log"), folder_.at("app.log-20260101"));
  poll_all();
  rotate("third\n");
  poll_all();
  EXPECT_THAT(seen_, ElementsAre("first", "second", "third"));
}

TEST_F(FileLogTest, ReadsMoreRenamedFilesThanMayBeOpenAtOnce) {
  folder_.write("app.log", "");
  poll();
  std::vector<std::string> written;
  for (std::size_t file = 0; file < 3 * FileLog::kMostFiles; ++file) {
    written.push_back("line " + std::to_string(file));
    next_tick();
    rotate(written.back() + "\n");
  }
  for (std::size_t look = 0; look < 4 * FileLog::kMostFiles; ++look) {
    poll();
    seen_.insert(seen_.end(), last_.begin(), last_.end());
  }
  EXPECT_EQ(seen_, written);
}

TEST_F(FileLogTest, ReadsNoCopyAsARenamedFile) {
  folder_.write("app.log", "");
  poll();
  folder_.append("app.log", "one\n");
  EXPECT_THAT(poll(), ElementsAre("one"));
  // Copied and truncated some time ago …
  fs::copy_file(folder_.at("app.log"), folder_.at("app.log.3"));
  folder_.write("app.log", "");
  EXPECT_THAT(poll(), IsEmpty());
  next_tick();
  folder_.append("app.log", "two\n");
  EXPECT_THAT(poll(), ElementsAre("two"));
  // … copied, and copied and truncated, since the last poll …
  fs::copy_file(folder_.at("app.log"), folder_.at("app.log.2"));
  folder_.append("app.log", "three\n");
  fs::copy_file(folder_.at("app.log"), folder_.at("app.log.20260101"));
  folder_.write("app.log", "four\n");
  // … and renamed twice.
  rotate("five\n");
  rotate("six\n");
  poll_all();
  EXPECT_THAT(seen_, ElementsAre("three", "four", "five", "six"));
}

TEST_F(FileLogTest, ReadsNoOtherFileAsARenamedOne) {
  folder_.write("app.log", "");
  folder_.write("app.log.7", "rotated before the start\n");
  next_tick();
  poll();
  for (const char* name : {"app-error.log", "app.log.err", "app.log.8.gz", "other.log.1", "app.logs"})
    folder_.write(name, "another log\n");
  fs::create_symlink(folder_.at("app.log.7"), folder_.at("app.log.9"));
  rotate("one\n");
  rotate("two\n");
  next_tick();
  folder_.write("app.log.5", "younger than the file at the path\n");
  poll_all();
  EXPECT_THAT(seen_, ElementsAre("one", "two"));
}

TEST(RotatedName, IsTheLogsWithANumberOrATime) {
  for (const char* name : {"app.log.1", "app.log-20260101", "app.log.2026-01-01T12:00:00Z", "app.log.old", "app.1.log",
                           "app-2026-01-01T00-00-00.000.log", "app_20260101.log", "app.log_3"})
    EXPECT_TRUE(is_rotated_name("app.log", name)) << name;
  for (const char* name :
       {"app.log", "app.log.1.gz", "app.log.", "app.log1", "app-error.log", "app.log.swp", "app1.log", "app.log-error",
        "app.1.log.zst", "app", "", "app..log", "xapp.log.1", "app.log.1~"})
    EXPECT_FALSE(is_rotated_name("app.log", name)) << name;
  EXPECT_TRUE(is_rotated_name("messages", "messages-20260101"));
  EXPECT_FALSE(is_rotated_name("messages", "messages.log"));
  EXPECT_FALSE(is_rotated_name(".log", ".log"));
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

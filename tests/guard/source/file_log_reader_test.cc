#include "guard/source/log/file_log_reader.h"

#include <gtest/gtest.h>

#include "tests/base/temporary_folder.h"

namespace guard::source {
namespace {

const base::WallTime kWall{std::chrono::hours(500'000)};

base::SteadyTime at(int second) { return base::SteadyTime(std::chrono::seconds(second)); }

class FileLogReaderTest : public testing::Test {
 protected:
  std::shared_ptr<FollowedFile> follow(const std::string& name) {
    auto counters = std::make_shared<LogCounters>();
    counters->set({counter_});
    auto file = std::make_shared<FollowedFile>(folder_.at(name), std::move(counters));
    reader_.add(file);
    return file;
  }
  void read(int second) {
    reader_.read(at(second), kWall);
    ASSERT_TRUE(reader_.wait_until_read());
  }

  base::TemporaryFolder folder_;
  std::shared_ptr<LogCounter> counter_ = std::make_shared<LogCounter>(*LogMatcher::compile("line"));
  FileLogReader reader_;
};

TEST_F(FileLogReaderTest, TellsUpToWhenAllWasRead) {
  folder_.write("app.log", "");
  const auto file = follow("app.log");
  EXPECT_FALSE(reader_.seen(*file).up);
  EXPECT_FALSE(reader_.seen(*file).read_until);
  read(7);
  EXPECT_TRUE(reader_.seen(*file).up);
  EXPECT_EQ(reader_.seen(*file).read_until, at(7));
  EXPECT_EQ(reader_.seen(*file).lag_bytes, 0u);
}

TEST_F(FileLogReaderTest, ReadsAllThatThereIsHoweverMuch) {
  folder_.write("app.log", "");
  const auto file = follow("app.log");
  read(1);
  std::string text;
  for (int line = 0; line < 1'000'000; ++line) text += "line of some length\n";
  folder_.append("app.log", text);
  read(2);
  EXPECT_EQ(counter_->totals().matches, 1'000'000u);
  EXPECT_EQ(counter_->totals().last_match, at(2));
}

TEST_F(FileLogReaderTest, ReadsEachOfManyFiles) {
  std::vector<std::shared_ptr<FollowedFile>> files;
  for (int number = 0; number < 100; ++number) {
    folder_.write(std::to_string(number), "");
    files.push_back(follow(std::to_string(number)));
  }
  read(1);
  for (int number = 0; number < 100; ++number) folder_.append(std::to_string(number), "line\n");
  read(2);
  EXPECT_EQ(counter_->totals().matches, 100u);
}

TEST_F(FileLogReaderTest, ReadsNoFileThatNobodyAsksForAnyMore) {
  folder_.write("app.log", "");
  auto file = follow("app.log");
  read(1);
  file.reset();
  folder_.append("app.log", "line\n");
  read(2);
  EXPECT_EQ(counter_->totals().matches, 0u);
}

}  // namespace
}  // namespace guard::source

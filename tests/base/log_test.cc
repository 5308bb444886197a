#include "base/log.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <string>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace base {
namespace {

using testing::HasSubstr;
using testing::MatchesRegex;
using testing::Not;
using testing::StartsWith;

// Puts a pipe in the place of stderr as long as it lives.
class CapturedStderr {
 public:
  CapturedStderr() {
    EXPECT_EQ(::pipe2(ends_.data(), O_CLOEXEC), 0);
    former_ = ::dup(STDERR_FILENO);
    ::dup2(ends_[1], STDERR_FILENO);
  }
  ~CapturedStderr() {
    restore();
    ::close(ends_[0]);
  }
  CapturedStderr(const CapturedStderr&) = delete;
  CapturedStderr& operator=(const CapturedStderr&) = delete;

  // All that was written; ends the capture.
  std::string text() {
    restore();
    std::string all;
    std::array<char, 4096> buffer{};
    while (true) {
      const auto size = ::read(ends_[0], buffer.data(), buffer.size());
      if (size <= 0) return all;
      all.append(buffer.data(), static_cast<std::size_t>(size));
    }
  }
  // Fills the pipe, so that the next write has to wait for the reader.
  void fill() {
    ::fcntl(ends_[1], F_SETFL, O_NONBLOCK);
    const std::string filling(4096, '\n');
    while (::write(ends_[1], filling.data(), filling.size()) > 0) {
    }
    ::fcntl(ends_[1], F_SETFL, 0);
  }
  void read_all_there_is() {
    std::string sink(1u << 20, '\0');
    EXPECT_GT(::read(ends_[0], sink.data(), sink.size()), 0);
  }
  // "device:inode", as systemd has it in JOURNAL_STREAM.
  [[nodiscard]] std::string identity() const {
    struct stat status = {};
    EXPECT_EQ(::fstat(ends_[1], &status), 0);
    return std::to_string(status.st_dev) + ":" + std::to_string(status.st_ino);
  }

 private:
  void restore() {
    if (former_ < 0) return;
    ::dup2(former_, STDERR_FILENO);
    ::close(former_);
    ::close(ends_[1]);
    former_ = -1;
  }

  std::array<int, 2> ends_{-1, -1};
  int former_ = -1;
};

constexpr auto kTime = "[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\\.[0-9]{3}Z";

TEST(Log, WritesLogfmtBeforeItIsStarted) {
  CapturedStderr captured;
  log_warning("early", {{"n", 1}});
  EXPECT_THAT(captured.text(), MatchesRegex("ts=" + std::string(kTime) + " level=warning msg=\"early\" n=1\n"));
}

TEST(Log, WritesAllThatIsQueuedBeforeItStops) {
  CapturedStderr captured;
  start_log({});
  for (int i = 0; i < 100; ++i) log_info("line", {{"i", i}});
  stop_log();
  const auto text = captured.text();
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 100);
  EXPECT_THAT(text, HasSubstr("i=99\n"));
}

TEST(Log, WritesOneJsonObjectALine) {
  CapturedStderr captured;
  start_log({LogLevel::info, LogFormat::json, 10});
  log_info("m", {{"k", "v"}});
  stop_log();
  EXPECT_THAT(captured.text(),
              MatchesRegex(R"(\{"ts":")" + std::string(kTime) + R"(","level":"info","msg":"m","k":"v"\})" + "\n"));
}

TEST(Log, LeavesOutWhatIsBelowItsLevel) {
  CapturedStderr captured;
  start_log({LogLevel::warning, LogFormat::logfmt, 10});
  log_info("quiet");
  log_warning("loud");
  set_log_level(LogLevel::info);
  log_info("now heard");
  log_debug("still quiet");
  stop_log();
  const auto text = captured.text();
  EXPECT_THAT(text, HasSubstr("loud"));
  EXPECT_THAT(text, HasSubstr("now heard"));
  EXPECT_THAT(text, Not(HasSubstr("quiet")));
}

TEST(Log, GivesTheJournalAPriorityAndNoTime) {
  CapturedStderr captured;
  ::setenv("JOURNAL_STREAM", captured.identity().c_str(), 1);
  start_log({});
  log_info("m");
  log_error("e");
  stop_log();
  ::unsetenv("JOURNAL_STREAM");
  EXPECT_EQ(captured.text(), "<6>level=info msg=\"m\"\n<3>level=error msg=\"e\"\n");
}

TEST(Log, GivesTheJournalJsonWithAPriorityToo) {
  CapturedStderr captured;
  ::setenv("JOURNAL_STREAM", captured.identity().c_str(), 1);
  start_log({LogLevel::info, LogFormat::json, 10});
  log_warning("m");
  stop_log();
  ::unsetenv("JOURNAL_STREAM");
  EXPECT_EQ(captured.text(), R"(<4>{"level":"warning","msg":"m"})"
                             "\n");
}

TEST(Log, DoesNotTakeARedirectedStderrForTheJournal) {
  CapturedStderr captured;
  ::setenv("JOURNAL_STREAM", "1:2", 1);
  start_log({});
  log_info("m");
  stop_log();
  ::unsetenv("JOURNAL_STREAM");
  EXPECT_THAT(captured.text(), StartsWith("ts="));
}

TEST(Log, DropsAndCountsWhatTheQueueCannotHold) {
  CapturedStderr captured;
  captured.fill();
  const auto before = dropped_log_lines();
  start_log({LogLevel::info, LogFormat::logfmt, 4});
  // Nobody reads: at most four lines wait and nothing blocks.
  for (int i = 0; i < 10; ++i) log_info("line", {{"i", i}});
  EXPECT_EQ(dropped_log_lines() - before, 6u);
  captured.read_all_there_is();
  stop_log();
  const auto text = captured.text();
  EXPECT_THAT(text, HasSubstr("i=3\n"));
  EXPECT_THAT(text, Not(HasSubstr("i=4\n")));
  EXPECT_THAT(text, HasSubstr("msg=\"log lines dropped\" lines=6"));
}

TEST(Log, DropsNothingWhenTheQueueIsJustFull) {
  CapturedStderr captured;
  captured.fill();
  const auto before = dropped_log_lines();
  start_log({LogLevel::info, LogFormat::logfmt, 4});
  for (int i = 0; i < 4; ++i) log_info("line", {{"i", i}});
  EXPECT_EQ(dropped_log_lines(), before);
  captured.read_all_there_is();
  stop_log();
  EXPECT_THAT(captured.text(), HasSubstr("i=3\n"));
}

TEST(Log, StopsThoughNobodyReadsStderr) {
  CapturedStderr captured;
  captured.fill();
  const auto before = dropped_log_lines();
  start_log({});
  log_info("lost");
  stop_log();
  EXPECT_EQ(dropped_log_lines() - before, 1u);
}

}  // namespace
}  // namespace base

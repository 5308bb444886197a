#include "guard/collect/log_watches.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/guard/fakes.h"

namespace guard {
namespace {

using std::chrono::minutes;
using testing::HasSubstr;
using testing::Pair;
using testing::SizeIs;
using testing::UnorderedElementsAre;

config::LogWatchConfig watch(const std::string& name, const std::string& pattern, const std::string& file = "") {
  return {name, pattern, minutes(30), minutes(5), file};
}

config::Config watching(std::vector<config::LogWatchConfig> watches, const std::string& workload = "web") {
  config::WorkloadConfig web = workload_config(workload);
  web.target.kind = sample::TargetKind::command;
  web.expect_log = std::move(watches);
  return config_of({web});
}

struct Watching {
  explicit Watching(const config::Config& config) : logs(config, loop, clock) {}
  sample::LogWatch read() { return logs.read().at(0); }
  void poll_files() {
    logs.poll_files();
    EXPECT_TRUE(logs.wait_for_files());
  }

  base::EventLoop loop;
  base::ManualClock clock;
  LogWatches logs;
};

TEST(ChildLines, AreCountedWhenTheyMatch) {
  Watching web(watching({watch("cleanup", R"(Cleaned up (?P<count>\d+))")}));
  web.logs.on_child_line("web", "Listening");
  EXPECT_EQ(web.read().matches, 0u);
  EXPECT_FALSE(web.read().last_match);
  web.logs.on_child_line("web", "info: Cleaned up 7 old conversations");
  EXPECT_EQ(web.read().matches, 1u);
  EXPECT_EQ(web.read().last_match, web.clock.steady_now());
  EXPECT_THAT(web.read().captures, UnorderedElementsAre(Pair("count", 7)));
}

TEST(ChildLines, TellWhenEachNumberWasWritten) {
  Watching web(watching({watch("sizes", R"(heap (?P<heap>\d+)|files (?P<files>\d+))")}));
  web.logs.on_child_line("web", "heap 70");
  const auto first = web.clock.steady_now();
  web.clock.advance(minutes(10));
  web.logs.on_child_line("web", "files 8");
  EXPECT_THAT(web.read().captures, UnorderedElementsAre(Pair("heap", 70), Pair("files", 8)));
  EXPECT_THAT(web.read().captured_at, UnorderedElementsAre(Pair("heap", first), Pair("files", first + minutes(10))));
}

TEST(ChildLines, OfAnotherWorkloadDoNotCount) {
  Watching web(watching({watch("cleanup", "Cleaned up")}));
  web.logs.on_child_line("worker", "Cleaned up 7");
  EXPECT_EQ(web.read().matches, 0u);
}

TEST(ChildLines, CountForEveryWatchTheyMatch) {
  Watching web(watching({watch("cleanup", "Cleaned"), watch("any", ".")}));
  web.logs.on_child_line("web", "Cleaned up");
  web.logs.on_child_line("web", "Listening");
  ASSERT_THAT(web.logs.read(), SizeIs(2));
  EXPECT_EQ(web.logs.read()[0].matches, 1u);
  EXPECT_EQ(web.logs.read()[1].matches, 2u);
}

TEST(LogSource, OfACommandIsAlwaysUp) {
  Watching web(watching({watch("cleanup", "Cleaned")}));
  EXPECT_TRUE(web.read().source_up);
}

TEST(LogSource, OfAContainerThatIsNotThereIsDown) {
  config::Config config = watching({watch("cleanup", "Cleaned")});
  config.workloads[0].target.kind = sample::TargetKind::container;
  Watching web(config);
  EXPECT_FALSE(web.read().source_up);
  EXPECT_EQ(web.read().why, "no container to read the log of");
}

TEST(LogSource, OfAPatternThatCannotBeCompiledIsDownAndSaysWhy) {
  Watching web(watching({watch("cleanup", "Cleaned (")}));
  web.logs.on_child_line("web", "Cleaned (");
  EXPECT_FALSE(web.read().source_up);
  EXPECT_THAT(web.read().why, HasSubstr("Cleaned ("));
  EXPECT_EQ(web.read().matches, 0u);
}

TEST(FileLines, AreReadAtEachPollAndTheOutputIsNot) {
  const base::TemporaryFolder folder;
  folder.write("app.log", "Cleaned up 1: history\n");
  Watching web(watching({watch("cleanup", "Cleaned", folder.at("app.log"))}));
  web.poll_files();
  EXPECT_TRUE(web.read().source_up) << web.read().why;
  EXPECT_EQ(web.read().matches, 0u);
  folder.append("app.log", "Cleaned up 2\n");
  web.logs.on_child_line("web", "Cleaned up 3, on standard output");
  web.poll_files();
  EXPECT_EQ(web.read().matches, 1u);
}

TEST(FileLines, OfAFileThatIsNotThereAreDown) {
  const base::TemporaryFolder folder;
  Watching web(watching({watch("cleanup", "Cleaned", folder.at("app.log"))}));
  web.poll_files();
  web.poll_files();
  EXPECT_FALSE(web.read().source_up);
  EXPECT_NE(web.read().why, "");
}

TEST(FileLines, AreNotReadOnTheLoop) {
  const base::TemporaryFolder folder;
  folder.write("app.log", "");
  Watching web(watching({watch("cleanup", "Cleaned", folder.at("app.log"))}));
  EXPECT_FALSE(web.read().source_up);
  EXPECT_EQ(web.read().why, "not read yet");
  web.poll_files();
  EXPECT_EQ(web.read().read_until, web.clock.steady_now());
  web.clock.advance(minutes(1));
  EXPECT_EQ(web.read().read_until, web.clock.steady_now() - minutes(1)) << "not asked for yet";
}

TEST(FileLines, AreMatchedByEachWatchOfTheSameFile) {
  const base::TemporaryFolder folder;
  folder.write("app.log", "");
  Watching web(watching({watch("cleanup", "Cleaned", folder.at("app.log")), watch("any", ".", folder.at("app.log"))}));
  web.poll_files();
  folder.append("app.log", "Cleaned up 2\nListening\n");
  web.poll_files();
  EXPECT_EQ(web.logs.read()[0].matches, 1u);
  EXPECT_EQ(web.logs.read()[1].matches, 2u);
}

TEST(EscapeSequences, HideALineFromNoPattern) {
  const base::TemporaryFolder folder;
  folder.write("app.log", "");
  const std::string pattern = R"(^Cleaned up (?P<count>\d+) old$)";
  const std::string coloured = "\x1b[32mCleaned up \x1b[1m7\x1b[0m old\r";
  Watching web(watching({watch("file", pattern, folder.at("app.log")), watch("output", pattern)}));
  web.poll_files();
  folder.append("app.log", coloured + "\n");
  web.logs.on_child_line("web", coloured);
  web.poll_files();
  for (const sample::LogWatch& log : web.logs.read()) EXPECT_THAT(log.captures, UnorderedElementsAre(Pair("count", 7)));
}

// Counts one line with `before`'s configuration and reads what `after`'s has of it.
sample::LogWatch inherited(const config::Config& before, const config::Config& after) {
  Watching old_watches(before);
  old_watches.logs.on_child_line("web", "Cleaned up 7");
  old_watches.clock.advance(minutes(10));
  LogWatches next(after, old_watches.loop, old_watches.clock);
  next.inherit(old_watches.logs);
  return next.read().at(0);
}

TEST(Inheritance, KeepsWhatTheSameWatchHasSeen) {
  const auto config = watching({watch("cleanup", "Cleaned up (?P<count>[0-9]+)")});
  const sample::LogWatch seen = inherited(config, config);
  EXPECT_EQ(seen.matches, 1u);
  EXPECT_EQ(seen.last_match, base::ManualClock().steady_now());
  EXPECT_EQ(seen.watched_since, base::ManualClock().steady_now());
  EXPECT_THAT(seen.captures, UnorderedElementsAre(Pair("count", 7)));
}

TEST(Inheritance, BeginsAnewForAnotherPattern) {
  const sample::LogWatch seen =
      inherited(watching({watch("cleanup", "Cleaned")}), watching({watch("cleanup", "Swept")}));
  EXPECT_EQ(seen.matches, 0u);
  EXPECT_EQ(seen.watched_since, base::ManualClock().steady_now() + minutes(10));
}

TEST(Inheritance, BeginsAnewForAnotherTarget) {
  const auto before = watching({watch("cleanup", "Cleaned")});
  auto after = before;
  after.workloads[0].target.command = {"another"};
  EXPECT_EQ(inherited(before, after).matches, 0u);
}

TEST(Inheritance, LosesAndRepeatsNoLineOfAFile) {
  const base::TemporaryFolder folder;
  folder.write("app.log", "history\n");
  const auto config = watching({watch("lines", "line", folder.at("app.log"))});
  auto before = std::make_unique<Watching>(config);
  before->poll_files();
  folder.append("app.log", "line 1\nhalf a li");
  before->poll_files();
  folder.append("app.log", "ne 2\nline 3\n");  // before the reload, and not read yet
  Watching after(config);
  after.logs.inherit(before->logs);
  before.reset();
  folder.append("app.log", "line 4\n");
  after.poll_files();
  EXPECT_EQ(after.read().matches, 4u);
}

TEST(Inheritance, OfAFileWithAnotherPatternBesideKeepsItsPlace) {
  const base::TemporaryFolder folder;
  folder.write("app.log", "");
  Watching before(watching({watch("lines", "line", folder.at("app.log"))}));
  before.poll_files();
  folder.append("app.log", "line 1\n");
  before.poll_files();
  folder.append("app.log", "line 2\n");
  Watching after(watching({watch("new", ".", folder.at("app.log")), watch("lines", "line", folder.at("app.log"))}));
  after.logs.inherit(before.logs);
  after.poll_files();
  EXPECT_EQ(after.logs.read()[0].matches, 1u);
  EXPECT_EQ(after.logs.read()[1].matches, 2u);
}

}  // namespace
}  // namespace guard

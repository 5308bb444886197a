// A followed log whose engine breaks off, lies or drowns the follower.

#include <atomic>
#include <fstream>
#include <iterator>
#include <memory>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fake_engine.h"
#include "guard/source/docker/container_log.h"
#include "loop_thread.h"

namespace engine_test {
namespace {

using guard::source::ContainerLog;
using guard::source::ContainerLogOptions;
using std::chrono::milliseconds;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

const std::string kId = "a7fdcd2bb992b339b7f96225f40f0a8ed65d82232ccc7fa7f284ddad9b444da1";
const std::string kInspect = "/containers/" + kId + "/json";
const std::string kLogs = "/containers/" + kId + "/logs";

std::string fixture(const std::string& name) {
  std::ifstream file(std::string(FIXTURES) + "/engine/" + name, std::ios::binary);
  EXPECT_TRUE(file) << "no fixture " << name;
  return {std::istreambuf_iterator<char>(file), {}};
}

std::string frame(int second, const std::string& text) {
  std::string payload = "2026-11-22T14:00:0" + std::to_string(second) + ".000000000Z " + text + "\n";
  std::string header(8, '\0');
  header[0] = 1;
  header[6] = static_cast<char>(payload.size() >> 8);
  header[7] = static_cast<char>(payload.size());
  return header + payload;
}

class Log : public testing::Test {
 protected:
  Log() {
    engine.on(kInspect, [](Answer& answer) { answer.json(200, fixture("docker_inspect_capped.json")); });
    options.engine.socket = engine.socket();
    options.engine.timeout = milliseconds(500);
    options.container_id = kId;
    options.retry_first = milliseconds(20);
    options.retry_most = milliseconds(50);
  }
  void start() {
    thread.on_loop([&] {
      log = std::make_unique<ContainerLog>(options, [this](std::string_view line, base::WallTime) {
        thread.loop.post([this, text = std::string(line)] { lines.push_back(text); });
      });
    });
  }
  void TearDown() override {
    thread.on_loop([&] { log.reset(); });
    thread.on_loop([] {});  // lines that were on their way to the loop
  }
  // What the engine has stored, and what each followed stream brings: the last one then stays open, the others end.
  void log_is(const std::string& stored, std::vector<std::string> streams) {
    auto left = std::make_shared<std::vector<std::string>>(std::move(streams));
    engine.on(kLogs, [stored, left](Answer& answer) {
      answer.start_stream();
      if (answer.target().find("follow=1") == std::string::npos) return answer.write(stored);
      answer.write(left->front());
      if (left->size() == 1)
        answer.hang();
      else
        left->erase(left->begin());
    });
  }

  FakeEngine engine;
  ContainerLogOptions options;
  LoopThread thread;
  std::unique_ptr<ContainerLog> log;  // of the loop's thread, as is the next
  std::vector<std::string> lines;
};

TEST_F(Log, CutInTheMiddleOfAFrameLosesAndRepeatsNothing) {
  const std::string cut = (frame(1, "one") + frame(2, "two")).substr(0, frame(1, "one").size() + 15);
  log_is("", {cut, frame(1, "one") + frame(2, "two"), frame(2, "two") + frame(3, "three")});
  start();
  ASSERT_TRUE(thread.comes_true([&] { return lines.size() >= 3; }));
  EXPECT_THAT(lines, ElementsAre("one", "two", "three"));
}

TEST_F(Log, BringsALineThatTheStreamRepeatsOnce) {
  log_is("", {frame(1, "one") + frame(1, "one") + frame(2, "two")});
  start();
  ASSERT_TRUE(thread.comes_true([&] { return lines.size() >= 2; }));
  EXPECT_THAT(lines, ElementsAre("one", "two"));
}

TEST_F(Log, BringsALineThatTheStreamLeftOutWhenItIsAudited) {
  options.audit = milliseconds(50);
  log_is("", {frame(1, "one") + frame(3, "three")});
  start();
  ASSERT_TRUE(thread.comes_true([&] { return lines.size() == 2; }));
  log_is(frame(1, "one") + frame(2, "two") + frame(3, "three"), {""});
  ASSERT_TRUE(thread.comes_true([&] { return lines.size() == 3; }));
  EXPECT_THAT(lines, ElementsAre("one", "three", "two"));
  EXPECT_TRUE(thread.on_loop([&] { return log->up(); }));
}

// A stream that has lost its way at a rotation looks like one in which nothing is written: it shows nothing.
TEST_F(Log, OnlyAnAuditShowsThatItWasReadToItsEnd) {
  options.audit = std::chrono::hours(1);
  log_is(frame(1, "one"), {frame(2, "two")});
  const auto began = std::chrono::steady_clock::now();
  start();
  ASSERT_TRUE(thread.comes_true([&] { return lines.size() == 2; }));
  const auto two_came = std::chrono::steady_clock::now();
  const auto since_read = thread.on_loop([&] { return log->since_read(); });
  ASSERT_TRUE(since_read);
  const auto read_at = std::chrono::steady_clock::now() - *since_read;
  EXPECT_GE(read_at, began);
  EXPECT_LT(read_at, two_came) << "the streamed line is no audit";
}

TEST_F(Log, ThatWasRotatedAwayBeforeItWasReadHasLostLines) {
  options.audit = milliseconds(50);
  log_is(frame(1, "one"), {""});
  start();
  ASSERT_TRUE(thread.comes_true([&] { return engine.asked(kLogs).size() > 3; }));
  EXPECT_FALSE(thread.on_loop([&] { return log->since_lost(); })) << "the same line is there again";
  log_is(frame(1, "one") + frame(2, "two"), {""});
  ASSERT_TRUE(thread.comes_true([&] { return lines.size() == 2; }));
  EXPECT_FALSE(thread.on_loop([&] { return log->since_lost(); })) << "new lines after those that are known";
  std::string later;  // more than the tail that is asked for at first
  for (int index = 0; index < 200; ++index) later += frame(5, "line " + std::to_string(index));
  log_is(later, {""});
  ASSERT_TRUE(thread.comes_true([&] { return lines.size() == 202; }));
  EXPECT_TRUE(thread.comes_true([&] { return log->since_lost().has_value(); })) << "three and four may have been there";
}

TEST_F(Log, HasLostLinesAlthoughTheStreamBroughtSomeThatAreStillThere) {
  options.audit = milliseconds(50);
  auto audits = std::make_shared<std::atomic<int>>(0);
  engine.on(kLogs, [audits](Answer& answer) {
    answer.start_stream();
    if (answer.target().find("follow=1") == std::string::npos)
      return answer.write(++*audits == 1 ? frame(1, "one") : frame(5, "after the gap") + frame(6, "later"));
    if (*audits == 1) answer.write(frame(5, "after the gap"));
    answer.hang();
  });
  start();
  ASSERT_TRUE(thread.comes_true([&] { return lines.size() == 3; }));
  EXPECT_TRUE(thread.comes_true([&] { return log->since_lost().has_value(); })) << "what came between one and five?";
}

TEST_F(Log, IsReadFromTheBeginningAtFirstAndFromTheEndWhenAudited) {
  options.audit = milliseconds(50);
  log_is(frame(1, "one"), {""});
  start();
  ASSERT_TRUE(thread.comes_true([&] { return engine.asked(kLogs).size() > 3; }));
  const auto asked = engine.asked(kLogs);
  EXPECT_THAT(asked.at(0), HasSubstr("since=0"));
  EXPECT_THAT(asked.at(0), Not(HasSubstr("tail")));
  EXPECT_THAT(asked.at(2), HasSubstr("since=1795356000.000000000&tail=65"));
}

TEST_F(Log, IsReadWholeWhenMoreWasWrittenThanTheTailHolds) {
  options.audit = milliseconds(50);
  log_is("", {""});
  start();
  ASSERT_TRUE(thread.comes_true([&] { return engine.asked(kLogs).size() > 2; }));
  std::string many;
  for (int index = 100; index < 200; ++index) many += frame(1, "line " + std::to_string(index));
  engine.on(kLogs, [many](Answer& answer) {
    answer.start_stream();
    if (answer.target().find("follow=1") != std::string::npos) return answer.hang();
    // The last 64 of them, or all.
    answer.write(answer.target().find("tail=64") == std::string::npos ? many
                                                                      : many.substr(36 * frame(1, "line 100").size()));
  });
  EXPECT_TRUE(thread.comes_true([&] { return lines.size() == 100; }));
}

TEST_F(Log, ThatEndsAlthoughTheContainerRunsIsBroken) {
  engine.on(kLogs, [](Answer& answer) { answer.start_stream(); });
  start();
  ASSERT_TRUE(thread.comes_true([&] { return log->why().find("although the container runs") != std::string::npos; }));
  EXPECT_FALSE(thread.on_loop([&] { return log->up(); }));
}

TEST_F(Log, ThatRepeatsItsLastLineAndEndsStaysBroken) {
  engine.on(kLogs, [](Answer& answer) {
    answer.start_stream();
    answer.write(frame(1, "one"));
  });
  start();
  ASSERT_TRUE(thread.comes_true([&] { return log->why().find("although the container runs") != std::string::npos; }));
  const auto asked = engine.asked(kLogs).size();
  bool was_up = false;
  ASSERT_TRUE(thread.comes_true([&] {
    was_up = was_up || log->up();
    return engine.asked(kLogs).size() > asked + 4;
  }));
  EXPECT_FALSE(was_up);
  EXPECT_THAT(lines, ElementsAre("one"));
}

TEST_F(Log, ThatIsGarbageIsBrokenAndSaysSo) {
  engine.on(kLogs, [](Answer& answer) {
    answer.start_stream();
    answer.write("this is no frame");
    answer.hang();
  });
  start();
  ASSERT_TRUE(thread.comes_true([&] { return log->why().find("not a frame") != std::string::npos; }));
}

TEST_F(Log, ThatIsQuietIsUp) {
  log_is("", {""});
  start();
  EXPECT_TRUE(thread.comes_true([&] { return log->up(); }));
}

// Its stream is opened anew sooner than an open stream alone is taken to work.
TEST_F(Log, ThatIsQuietAndOftenAuditedStaysUp) {
  options.audit = milliseconds(50);
  log_is("", {""});
  start();
  ASSERT_TRUE(thread.comes_true([&] { return log->up(); }));
  const auto asked = engine.asked(kLogs).size();
  bool was_down = false;
  ASSERT_TRUE(thread.comes_true([&] {
    was_down = was_down || !log->up();
    return engine.asked(kLogs).size() > asked + 6;
  }));
  EXPECT_FALSE(was_down);
}

TEST_F(Log, OfAnEngineThatHangsIsBroken) {
  engine.on(kInspect, [](Answer& answer) { answer.hang(); });
  start();
  ASSERT_TRUE(thread.comes_true([&] { return log->why().find("inspect container") != std::string::npos; }));
  EXPECT_FALSE(thread.on_loop([&] { return log->up(); }));
}

TEST_F(Log, OfAContainerThatIsGoneIsQuietAndNotBroken) {
  engine.on(kInspect, [](Answer& answer) { answer.json(404, "{}"); });
  start();
  EXPECT_TRUE(thread.comes_true([&] { return log->up(); }));
}

TEST_F(Log, OfAStoppedContainerIsLookedAtAtOnceWhenWoken) {
  options.stopped_poll = std::chrono::hours(1);
  engine.on(kInspect, [](Answer& answer) { answer.json(200, fixture("docker_inspect_gave_up.json")); });
  engine.on(kLogs, [](Answer& answer) { answer.start_stream(); });
  start();
  ASSERT_TRUE(thread.comes_true([&] { return log->up(); }));
  engine.on(kInspect, [](Answer& answer) { answer.json(200, fixture("docker_inspect_capped.json")); });
  log_is("", {frame(1, "one")});
  thread.on_loop([&] { log->wake(); });
  EXPECT_TRUE(thread.comes_true([&] { return lines.size() == 1; }));
}

TEST_F(Log, IsBehindWhileOldLinesArriveAndNotBefore) {
  log_is("", {frame(1, "one")});
  start();
  EXPECT_FALSE(thread.on_loop([&] { return log->is_behind(); }));
  ASSERT_TRUE(thread.comes_true([&] { return lines.size() == 1; }));
  EXPECT_TRUE(thread.on_loop([&] { return log->is_behind(); }));
}

}  // namespace
}  // namespace engine_test

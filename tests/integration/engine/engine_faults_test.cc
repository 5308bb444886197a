// The guard before an engine that answers with garbage, hangs, or breaks off.

#include <optional>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "faulty_engine.h"
#include "guard/action/engine_control.h"

namespace engine_test {
namespace {

using base::Code;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;

TEST_F(Engine, TheFakeOneAnswersAsTheRealOneDid) {
  const auto list = client().list();
  ASSERT_TRUE(list);
  EXPECT_EQ(list->containers.back().name, "capped");
  const auto container = client().inspect(kId);
  ASSERT_TRUE(container);
  EXPECT_EQ(container->pid, 16728);
}

TEST_F(Engine, ThatHangsPassesTheDeadline) {
  engine.on("/containers/json", hang);
  const auto list = client().list();
  ASSERT_FALSE(list);
  EXPECT_EQ(list.error().code, Code::deadline_exceeded);
}

TEST_F(Engine, ThatAnswersTooMuchIsCutOff) {
  engine.on("/containers/json", answering(200, std::string(1u << 20, ' ')));
  options.max_answer_bytes = 1u << 16;
  const auto list = client().list();
  ASSERT_FALSE(list);
  EXPECT_EQ(list.error().code, Code::too_large);
}

TEST_F(Engine, ThatAnswersGarbageIsCorrupt) {
  engine.on("/containers/json", answering(200, "<html>"));
  const auto list = client().list();
  ASSERT_FALSE(list);
  EXPECT_EQ(list.error().code, Code::corrupt);
}

TEST_F(Engine, ThatRefusesIsQuoted) {
  engine.on("/containers/" + kId + "/json", answering(500, R"({"message":"the daemon is on fire"})"));
  const auto container = client().inspect(kId);
  ASSERT_FALSE(container);
  EXPECT_EQ(container.error().code, Code::unavailable);
  EXPECT_THAT(container.error().message, HasSubstr("500: the daemon is on fire"));
}

TEST_F(Engine, IsNeverAskedForAPathMadeOutOfAName) {
  for (const std::string name : {"../info", "a/b", "a?b", "", ".", "-x", "a b", "a\n"}) {
    const auto container = client().inspect(name);
    ASSERT_FALSE(container) << name;
    EXPECT_EQ(container.error().code, Code::invalid_argument);
  }
  EXPECT_THAT(engine.asked("/"), SizeIs(0));
}

TEST_F(Engine, ThatRefusesAVerbIsQuoted) {
  engine.on("/containers/" + kId + "/restart", answering(500, R"({"message":"cannot restart"})"));
  const auto status = guard::action::EngineControl({.socket = engine.socket()}).restart(kId, milliseconds(1500));
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code, Code::unavailable);
  EXPECT_THAT(status.error().message, HasSubstr("cannot restart"));
  EXPECT_THAT(engine.asked("/containers/" + kId + "/restart"), ElementsAre("/containers/" + kId + "/restart?t=2"));
}

TEST_F(Engine, ThatHangsAtAVerbPassesTheDeadlineAfterTheDrain) {
  engine.on("/containers/" + kId + "/stop", hang);
  const auto begun = std::chrono::steady_clock::now();
  const auto status = guard::action::EngineControl({.socket = engine.socket(), .timeout = milliseconds(200)})
                          .stop(kId, std::chrono::seconds(1));
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code, Code::deadline_exceeded);
  EXPECT_GE(std::chrono::steady_clock::now() - begun, milliseconds(1200));
}

TEST_F(Watch, IsDownWhileTheAnswerIsGarbageAndUpAfterwards) {
  engine.on("/containers/json", answering(200, "[{"));
  start();
  ASSERT_TRUE(comes_true([&] { return watch->view().errors > 1; }));
  EXPECT_FALSE(thread.on_loop([&] { return watch->view().up; }));
  EXPECT_THAT(thread.on_loop([&] { return watch->view().why; }), HasSubstr("not JSON"));
  engine.on("/containers/json", answering(200, fixture("docker_list.json")));
  EXPECT_TRUE(comes_true([&] { return watch->view().up && watch->view().why.empty(); }));
}

TEST_F(Watch, KeepsTheLastGoodListAsHistoryWhenTheEngineBreaks) {
  start();
  ASSERT_TRUE(comes_true([&] { return watch->view().up; }));
  engine.on("/containers/json", answering(500, "{}"));
  ASSERT_TRUE(comes_true([&] { return !watch->view().up; }));
  EXPECT_TRUE(thread.on_loop([&] { return watch->find("capped") != nullptr; }));
}

TEST_F(Watch, SeesTheOthersWhenOneContainerCannotBeInspected) {
  engine.on("/containers/c9ee", hang);  // "oomer"
  start();
  ASSERT_TRUE(comes_true([&] { return watch->view().up; }));
  EXPECT_TRUE(thread.on_loop([&] { return watch->find("capped")->inspected; }));
  EXPECT_FALSE(thread.on_loop([&] { return watch->find("oomer")->inspected; }));
  EXPECT_GT(thread.on_loop([&] { return watch->view().errors; }), 0U);
}

TEST_F(Watch, EndsAtOnceWhenTheEngineHangs) {
  options.timeout = std::chrono::seconds(30);
  engine.on("/", hang);
  start();
  ASSERT_TRUE(comes_true([&] { return !engine.asked("/containers/json").empty(); }));
  const auto begun = std::chrono::steady_clock::now();
  thread.on_loop([&] { watch.reset(); });
  EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::seconds(2));
}

TEST_F(Watch, OpensACutStreamAgainAtTheLastEventAndHearsEachOnce) {
  const auto now = std::chrono::system_clock::now().time_since_epoch().count();
  engine.on("/events", [now](Answer& answer) {
    answer.start_stream();
    answer.write(event("start", now));
    answer.write(event("pause", now + 1).substr(0, 40));
  });
  start();
  ASSERT_TRUE(comes_true([&] { return engine.asked("/events").size() > 1; }));
  engine.on("/events", [now](Answer& answer) {
    answer.start_stream();
    answer.write(event("start", now) + event("pause", now + 1));
    answer.hang();
  });
  ASSERT_TRUE(comes_true([&] { return kinds.size() == 2 && watch->view().events_up; }));
  EXPECT_THAT(kinds, ElementsAre("start", "pause"));
}

TEST_F(Watch, StaysUpWithoutEventsWhenTheyAreGarbage) {
  engine.on("/events", [](Answer& answer) {
    answer.start_stream();
    answer.write("garbage\n");
  });
  start();
  ASSERT_TRUE(comes_true([&] { return watch->view().up && watch->view().errors > 1; }));
  EXPECT_FALSE(thread.on_loop([&] { return watch->view().events_up; }));
  EXPECT_THAT(thread.on_loop([&] { return watch->view().events_why; }), HasSubstr("not JSON"));
}

TEST_F(Watch, OpensASilentStreamAgain) {
  options.stream_idle = milliseconds(100);
  start();
  EXPECT_TRUE(comes_true([&] { return engine.asked("/events").size() >= 3; }));
}

TEST_F(Watch, InspectsOnlyWhatIsWanted) {
  start();
  ASSERT_TRUE(comes_true([&] { return watch->view().up; }));
  thread.on_loop([&] { watch->set_wanted([](const auto& container) { return container.name == "capped"; }); });
  // The others answer an inspection with 404, as removed ones do: in the view they are only when nobody inspects them.
  ASSERT_TRUE(comes_true([&] { return watch->find("tty") != nullptr; }));
  EXPECT_TRUE(thread.on_loop([&] { return watch->find("capped")->inspected; }));
  EXPECT_FALSE(thread.on_loop([&] { return watch->find("tty")->inspected; }));
}

TEST_F(Watch, OfPodmanDoesNotTakeTheLimitsOfTheBeginningForThoseInForce) {
  start();
  ASSERT_TRUE(comes_true([&] { return watch->view().up; }));
  EXPECT_TRUE(thread.on_loop([&] { return watch->find("capped")->caps.memory.has_value(); }));
  engine.on("/version", answering(200, R"({"Components":[{"Name":"Podman Engine","Version":"4.3.1"}]})"));
  EXPECT_TRUE(comes_true([&] { return watch->find("capped")->caps.empty(); }));
}

TEST_F(Watch, AnEventWithHugeLabelsIsHeard) {
  const auto now = std::chrono::system_clock::now().time_since_epoch().count();
  std::string huge = event("start", now);
  huge.insert(huge.find(R"("name")"), R"("x":")" + std::string(9u << 20, 'x') + R"(",)");
  engine.on("/events", [huge](Answer& answer) {
    answer.start_stream();
    answer.write(huge);
    answer.hang();
  });
  start();
  ASSERT_TRUE(comes_true([&] { return !kinds.empty(); }));
  EXPECT_THAT(kinds, ElementsAre("start"));
}

TEST_F(Watch, HandsStatisticsToWhoeverAsks) {
  engine.on("/containers/" + kId + "/stats", answering(200, fixture("docker_stats_v1.json")));
  start();
  std::optional<base::Result<guard::sample::Resources>> stats;
  thread.on_loop([&] { watch->read_stats(kId, [&](auto answer) { stats = std::move(answer); }); });
  ASSERT_TRUE(comes_true([&] { return stats.has_value(); }));
  ASSERT_TRUE(*stats);
  EXPECT_EQ(*(*stats)->memory.limit, base::mebibytes(64));
}

}  // namespace
}  // namespace engine_test

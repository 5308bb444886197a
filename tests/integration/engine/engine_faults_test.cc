// The guard before an engine that answers with garbage, hangs, or breaks off.

#include <fstream>
#include <iterator>
#include <memory>
#include <optional>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fake_engine.h"
#include "guard/action/engine_control.h"
#include "guard/source/engine_client.h"
#include "guard/source/engine_watch.h"
#include "loop_thread.h"

namespace engine_test {
namespace {

using base::Code;
using guard::source::EngineClient;
using guard::source::EngineEvent;
using guard::source::EngineOptions;
using guard::source::EngineWatch;
using guard::source::EngineWatchOptions;
using std::chrono::milliseconds;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;

const std::string kId =
    "a7fdcd2bb992b339b7f96225f40f0a8ed65d82232ccc7fa7f284ddad9b444da1";  // "capped" in the recordings

std::string fixture(const std::string& name) {
  std::ifstream file(std::string(FIXTURES) + "/engine/" + name, std::ios::binary);
  EXPECT_TRUE(file) << "no fixture " << name;
  return {std::istreambuf_iterator<char>(file), {}};
}

Script answering(int status, std::string body) {
  return [status, body = std::move(body)](Answer& answer) { answer.json(status, body); };
}
void hang(Answer& answer) { answer.hang(); }

std::string event(const std::string& kind, std::int64_t nanoseconds) {
  return R"({"Type":"container","Action":")" + kind + R"(","Actor":{"ID":")" + kId +
         R"(","Attributes":{"name":"capped"}},"timeNano":)" + std::to_string(nanoseconds) + "}\n";
}

class Engine : public testing::Test {
 protected:
  Engine() {
    engine.on("/containers/json", answering(200, fixture("docker_list.json")));
    engine.on("/containers/" + kId + "/json", answering(200, fixture("docker_inspect_capped.json")));
    engine.on("/events", [](Answer& answer) {
      answer.start_stream();
      answer.hang();
    });
    options.socket = engine.socket();
    options.timeout = milliseconds(500);
  }
  EngineClient client() const { return EngineClient(options); }

  FakeEngine engine;
  EngineOptions options;
};

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

struct Refusal {
  int status;
  std::string words;
  bool is_permanent;
};
class RefusedUpdate : public Engine, public testing::WithParamInterface<Refusal> {};
TEST_P(RefusedUpdate, IsQuotedAndSaysWhetherAskingAgainHelps) {
  engine.on("/containers/" + kId + "/update",
            answering(GetParam().status, R"({"message":")" + GetParam().words + R"("})"));
  guard::sample::Caps caps;
  caps.pids = 50;
  const auto status = guard::action::EngineControl({.socket = engine.socket()}).update_caps(kId, caps);
  ASSERT_FALSE(status);
  EXPECT_THAT(status.error().message, HasSubstr(GetParam().words));
  EXPECT_EQ(guard::action::is_permanent_refusal(status.error()), GetParam().is_permanent);
}
INSTANTIATE_TEST_SUITE_P(
    Answers, RefusedUpdate,
    testing::Values(Refusal{400, "range of CPUs is from 0.01 to 2.00, as there are only 2 CPUs available", true},
                    Refusal{404, "page not found", true}, Refusal{409, "container is marked for removal", true},
                    Refusal{500, "write memory.limit_in_bytes: device or resource busy", true},
                    Refusal{500, "kernel does not support: Operation Not Supported", true},
                    Refusal{500, "containerd is restarting", false}, Refusal{503, "try again", false},
                    Refusal{429, "too many requests", false}));

TEST_F(Engine, ThatCannotBeReachedOrHangsIsNoPermanentRefusal) {
  guard::sample::Caps caps;
  caps.pids = 50;
  const auto away = guard::action::EngineControl({.socket = "/nowhere"}).update_caps(kId, caps);
  EXPECT_FALSE(guard::action::is_permanent_refusal(away.error()));
  engine.on("/containers/" + kId + "/update", hang);
  const auto hung =
      guard::action::EngineControl({.socket = engine.socket(), .timeout = milliseconds(200)}).update_caps(kId, caps);
  EXPECT_FALSE(guard::action::is_permanent_refusal(hung.error()));
}

TEST_F(Engine, ThatIsPodmanIsAskedInItsOwnWay) {
  engine.on("/version", answering(200, R"({"Components":[{"Name":"Podman Engine","Version":"4.3.1"}]})"));
  engine.on("/v4.0.0/libpod/containers/" + kId + "/update", answering(201, kId));
  guard::sample::Caps caps;
  caps.pids = 50;
  EXPECT_TRUE(guard::action::EngineControl({.socket = engine.socket()}).update_caps(kId, caps));
  EXPECT_THAT(engine.asked("/v4.0.0/libpod/"), SizeIs(1));
  EXPECT_THAT(engine.asked("/containers/" + kId + "/update"), SizeIs(0));
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

class Watch : public Engine {
 protected:
  void start() {
    EngineWatchOptions watch_options;
    watch_options.engine = options;
    watch_options.retry_first = milliseconds(20);
    watch_options.retry_most = milliseconds(50);
    watch_options.reconcile = milliseconds(200);
    thread.on_loop([&] {
      watch = std::make_unique<EngineWatch>(watch_options, thread.loop,
                                            [this](const EngineEvent& heard) { kinds.push_back(heard.kind); });
    });
  }
  void TearDown() override {
    thread.on_loop([&] { watch.reset(); });
  }
  bool comes_true(const std::function<bool()>& condition) { return thread.comes_true(condition); }

  LoopThread thread;
  std::unique_ptr<EngineWatch> watch;  // of the loop's thread, as all below
  std::vector<std::string> kinds;
};

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

// The list of a host on which "capped" runs beside a stranger.
std::string list_with(const std::string& stranger) {
  std::string list = fixture("docker_list.json");
  list.insert(list.find('[') + 1, stranger + ",");
  return list;
}

class Neighbour : public Watch {
 protected:
  void start_for(const guard::sample::Target& target) {
    options.timeout = std::chrono::seconds(10);
    EngineWatchOptions watch_options;
    watch_options.engine = options;
    watch_options.reconcile = milliseconds(200);
    watch_options.targets = {target};
    watch_options.wanted = [](const auto& container) { return container.name == "capped"; };
    thread.on_loop(
        [&] { watch = std::make_unique<EngineWatch>(watch_options, thread.loop, [](const EngineEvent&) {}); });
  }
  bool is_guarded() {
    return comes_true([&] {
      const auto* capped = watch->find("capped");
      return watch->view().up && capped != nullptr && capped->inspected;
    });
  }
  const guard::sample::Target kByName{guard::sample::TargetKind::container, "capped", {}};
};

std::int64_t resident_kib(const char* what) {
  std::ifstream status("/proc/self/status");
  for (std::string word; status >> word;) {
    std::int64_t value = 0;
    if (word == what && status >> value) return value;
  }
  return 0;
}

TEST_F(Neighbour, WithNineMegabytesOfLabelsHidesNobodyAndCostsLittleMemory) {
  const std::string big = list_with(R"({"Id":")" + std::string(64, 'b') + R"(","Names":["/big"],"Labels":{"x":")" +
                                    std::string(9u << 20, 'x') + R"("},"State":"created"})");
  start();
  ASSERT_TRUE(comes_true([&] { return watch->view().up; }));
  thread.on_loop([&] { watch.reset(); });
  std::ofstream("/proc/self/clear_refs") << 5;  // the peak begins anew
  const std::int64_t before = resident_kib("VmHWM:");
  // The fake engine lives in this process: it sends the labels without a copy of its own.
  engine.on("/containers/json", [&big](Answer& answer) {
    answer.start_stream();
    answer.write(big);
  });
  const auto asked = engine.asked("/containers/json").size();
  start_for(kByName);
  ASSERT_TRUE(is_guarded());
  ASSERT_TRUE(comes_true([&] { return engine.asked("/containers/json").size() > asked + 1; }));
  EXPECT_TRUE(thread.on_loop([&] { return watch->find("big") != nullptr; }));
  RecordProperty("grown_kib", std::to_string(resident_kib("VmHWM:") - before));
#ifndef __SANITIZE_ADDRESS__
  EXPECT_LT(resident_kib("VmHWM:") - before, 8 * 1024);
#endif
}

class BadEntry : public Neighbour, public testing::WithParamInterface<std::string> {};
TEST_P(BadEntry, IsCountedAndHidesNobody) {
  engine.on("/containers/json", answering(200, list_with(GetParam())));
  start_for(kByName);
  EXPECT_TRUE(is_guarded());
  EXPECT_EQ(thread.on_loop([&] { return watch->view().skipped; }), 1U);
  EXPECT_GT(thread.on_loop([&] { return watch->view().errors; }), 0U);
}
INSTANTIATE_TEST_SUITE_P(Entries, BadEntry,
                         testing::Values(R"({"Id":"12","Names":["/b"]})", "7",
                                         R"({"Id":")" + std::string(64, 'b') + R"(","Names":null})"));

TEST_F(Neighbour, ThatSpoilsTheWholeListDoesNotHideWhatIsConfiguredByName) {
  engine.on("/containers/json", answering(200, R"([{"Id":"x"]})"));
  engine.on("/containers/capped/json", answering(200, fixture("docker_inspect_capped.json")));
  start_for(kByName);
  EXPECT_TRUE(is_guarded());
  EXPECT_GT(thread.on_loop([&] { return watch->view().skipped; }), 0U);
}

TEST_F(Neighbour, ThatSpoilsTheWholeListDoesNotHideACompositionsService) {
  engine.on("/containers/json", answering(200, R"([{"Id":"x"]})"));
  engine.on("/containers/json?all=1&filters=", answering(200, fixture("docker_list.json")));
  start_for({guard::sample::TargetKind::compose_service, "shop/web", {}});
  EXPECT_TRUE(is_guarded());
  EXPECT_THAT(engine.asked("/containers/json?all=1&filters=").front(),
              HasSubstr("com.docker.compose.project%3Dshop%22%2C%22com.docker.compose.service%3Dweb"));
}

TEST_F(Neighbour, WhenTheNamedOneCannotBeAskedForEitherItIsUnknown) {
  engine.on("/containers/json", answering(200, R"([{"Id":"x"]})"));
  engine.on("/containers/capped/json", answering(500, "{}"));
  start_for(kByName);
  ASSERT_TRUE(comes_true([&] { return watch->view().errors > 0; }));
  EXPECT_FALSE(thread.on_loop([&] { return watch->view().up; }));
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

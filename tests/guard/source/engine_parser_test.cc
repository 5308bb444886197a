#include <limits>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine_fixture.h"
#include "guard/source/docker/parser.h"

namespace guard::source {
namespace {

using base::Code;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;

const std::string kId = "a7fdcd2bb992b339b7f96225f40f0a8ed65d82232ccc7fa7f284ddad9b444da1";

base::Result<Container> inspected(const std::string& fixture) { return parse_container(engine_fixture(fixture)); }

std::string minimal_event(const std::string& fields) {
  return R"({"Type":"container","Actor":{"ID":")" + kId + R"(","Attributes":{"name":"web"}},)" + fields + "}";
}

TEST(ContainerList, TellsEveryContainerInTheEnginesOrder) {
  const auto list = parse_container_list(engine_fixture("docker_list.json"));
  ASSERT_TRUE(list);
  std::vector<std::string> names;
  for (const Container& container : list->containers) names.push_back(container.name);
  EXPECT_THAT(names, ElementsAre("fresh", "oomer", "mute", "tty", "failing", "capped"));
}

TEST(ContainerList, TellsIdImageAndStateButNothingThatNeedsAnInspection) {
  const auto list = parse_container_list(engine_fixture("docker_list.json"));
  ASSERT_TRUE(list);
  const Container& capped = list->containers.back();
  EXPECT_EQ(capped.id, kId);
  EXPECT_EQ(capped.image, "app");
  EXPECT_EQ(capped.state, ContainerState::running);
  EXPECT_EQ(list->containers.front().state, ContainerState::created);
  EXPECT_FALSE(capped.inspected);
  EXPECT_TRUE(capped.caps.empty());
}

TEST(ContainerList, KeepsAllLabelsThatAreNotTooLong) {
  const auto list = parse_container_list(engine_fixture("docker_list.json"));
  ASSERT_TRUE(list);
  EXPECT_THAT(list->containers.back().labels,
              ElementsAre(Pair("com.docker.compose.project", "shop"), Pair("com.docker.compose.service", "web"),
                          Pair("leakguard.enable", "true"), Pair("other", "x")));
  const auto labelled = [](std::size_t value_bytes) {
    const auto one =
        parse_container_list(R"([{"Id":")" + kId + R"(","Names":["/a"],"State":"running","Labels":{"k":")" +
                             std::string(value_bytes, 'v') + R"("}}])");
    return one && one->containers.front().labels.contains("k");
  };
  EXPECT_TRUE(labelled(256));
  EXPECT_FALSE(labelled(257));
}

TEST(ContainerList, PrefersTheContainersOwnNameToAnAliasOfALink) {
  const auto list = parse_container_list(R"([{"Id":")" + kId + R"(","Names":["/shop/db","/db"],"State":"running"}])");
  ASSERT_TRUE(list);
  EXPECT_EQ(list->containers.front().name, "db");
}

TEST(ContainerList, OfAnEngineWithoutContainersIsEmpty) {
  const auto list = parse_container_list("[]");
  ASSERT_TRUE(list);
  EXPECT_TRUE(list->containers.empty());
}

TEST(ContainerList, UnderstandsPodmansStates) {
  const auto list = parse_container_list(engine_fixture("podman_list.json"));
  ASSERT_TRUE(list);
  EXPECT_EQ(list->containers.at(0).state, ContainerState::exited);
  EXPECT_EQ(list->containers.at(1).state, ContainerState::created);
}

TEST(ContainerList, OfAStateThatNobodyKnowsIsUnknownAndNoError) {
  const auto list = parse_container_list(with(engine_fixture("podman_list.json"), "\"stopped\"", "\"dreaming\""));
  ASSERT_TRUE(list);
  EXPECT_EQ(list->containers.front().state, ContainerState::unknown);
  EXPECT_EQ(name_of(list->containers.front().state), "unknown");
}

class NoContainerList : public testing::TestWithParam<const char*> {};
TEST_P(NoContainerList, IsCorrupt) {
  const auto list = parse_container_list(GetParam());
  ASSERT_FALSE(list);
  EXPECT_EQ(list.error().code, Code::corrupt);
}
INSTANTIATE_TEST_SUITE_P(Texts, NoContainerList,
                         testing::Values("", "{}", "null", "[", "[{]", "<html>502 Bad Gateway</html>"));

TEST(Inspection, TellsARunningContainer) {
  const auto container = inspected("docker_inspect_capped.json");
  ASSERT_TRUE(container);
  EXPECT_TRUE(container->inspected);
  EXPECT_EQ(container->id, kId);
  EXPECT_EQ(container->name, "capped");
  EXPECT_EQ(container->image, "app");
  EXPECT_EQ(container->state, ContainerState::running);
  EXPECT_EQ(container->pid, 16728);
  EXPECT_EQ(container->log_driver, "json-file");
  EXPECT_EQ(container->started_at, base::WallTime(std::chrono::nanoseconds(1795356035691775095)));
  EXPECT_FALSE(container->tty);
}

TEST(Inspection, TellsTheCaps) {
  const auto container = inspected("docker_inspect_capped.json");
  ASSERT_TRUE(container);
  EXPECT_EQ(container->caps.memory, base::mebibytes(64));
  EXPECT_EQ(container->caps.memory_reservation, base::mebibytes(32));
  EXPECT_EQ(container->memory_swap, base::mebibytes(128));
  EXPECT_EQ(container->caps.cpus, base::Cores{0.5});
  EXPECT_EQ(container->caps.pids, 50);
}

TEST(Inspection, TellsACapSetAsQuotaInCores) {
  const auto container = inspected("docker_inspect_gave_up.json");
  ASSERT_TRUE(container);
  EXPECT_EQ(container->caps.cpus, base::Cores{0.5});
}

TEST(Inspection, WithoutLimitsIsUnlimited) {
  const auto container = inspected("docker_inspect_tty.json");
  ASSERT_TRUE(container);
  EXPECT_TRUE(container->caps.memory->is_unlimited());
  EXPECT_EQ(container->caps.memory_reservation, base::Bytes{0});
  EXPECT_TRUE(container->caps.cpus->is_unlimited());
  EXPECT_EQ(container->caps.pids, std::numeric_limits<std::int64_t>::max());
  EXPECT_EQ(container->memory_swap, base::Bytes{0});
}

TEST(Inspection, ThatDoesNotTellALimitLeavesItUnknown) {
  const auto container = parse_container(R"({"Id":")" + kId + R"(","Name":"/a","State":{},"HostConfig":{}})");
  ASSERT_TRUE(container);
  EXPECT_TRUE(container->caps.empty());
}

TEST(Inspection, MinusOneProcessIsUnlimited) {
  const auto container =
      parse_container(with(engine_fixture("docker_inspect_capped.json"), "\"PidsLimit\": 50", "\"PidsLimit\": -1"));
  ASSERT_TRUE(container);
  EXPECT_EQ(container->caps.pids, std::numeric_limits<std::int64_t>::max());
}

TEST(Inspection, TellsAnUnlimitedSwapFromNone) {
  const auto container = inspected("podman_inspect.json");
  ASSERT_TRUE(container);
  EXPECT_TRUE(container->memory_swap.is_unlimited());
}

TEST(Inspection, CountsRestartsAndTellsTheLastExit) {
  const auto container = inspected("docker_inspect_gave_up.json");
  ASSERT_TRUE(container);
  EXPECT_EQ(container->restart_count, 3U);
  EXPECT_EQ(container->exit_code, 3);
  EXPECT_EQ(container->pid, 0);
  EXPECT_EQ(container->state, ContainerState::exited);
  EXPECT_FALSE(container->oom_killed);
}

TEST(Inspection, TellsAnOomKill) {
  const auto container = inspected("docker_inspect_oom_killed.json");
  ASSERT_TRUE(container);
  EXPECT_TRUE(container->oom_killed);
  EXPECT_EQ(container->exit_code, 137);
}

TEST(Inspection, OfAContainerThatNeverStartedHasNoTimes) {
  const auto container = inspected("docker_inspect_created.json");
  ASSERT_TRUE(container);
  EXPECT_FALSE(container->started_at);
  EXPECT_FALSE(container->finished_at);
  EXPECT_EQ(container->state, ContainerState::created);
}

TEST(Inspection, TellsHowItsLogCanBeRead) {
  EXPECT_TRUE(inspected("docker_inspect_tty.json").value().tty);
  EXPECT_EQ(inspected("docker_inspect_log_none.json").value().log_driver, "none");
}

TEST(Inspection, UnderstandsPodman) {
  const auto container = inspected("podman_inspect.json");
  ASSERT_TRUE(container);
  EXPECT_EQ(container->name, "web");
  EXPECT_EQ(container->restart_count, 2U);
  EXPECT_EQ(container->caps.cpus, base::Cores{0.8});
  EXPECT_EQ(container->caps.memory, base::mebibytes(700));
  EXPECT_EQ(container->started_at, base::WallTime(std::chrono::nanoseconds(1795356035691775095)));
  EXPECT_THAT(container->labels, ElementsAre(Pair("leakguard.memory", "600m")));
}

TEST(Inspection, WithATimeThatIsNoneIsCorruptAndNamesTheField) {
  const auto container = parse_container(
      with(engine_fixture("docker_inspect_capped.json"), "2026-11-22T14:00:35.691775095Z", "last Tuesday"));
  ASSERT_FALSE(container);
  EXPECT_EQ(container.error().code, Code::corrupt);
  EXPECT_THAT(container.error().message, HasSubstr("StartedAt"));
}

class NoInspection : public testing::TestWithParam<std::pair<const char*, const char*>> {};
TEST_P(NoInspection, IsCorruptAndSaysWhatIsMissing) {
  const auto container =
      parse_container(with(engine_fixture("docker_inspect_capped.json"), GetParam().first, "\"Other\":"));
  ASSERT_FALSE(container);
  EXPECT_EQ(container.error().code, Code::corrupt);
  EXPECT_THAT(container.error().message, HasSubstr(GetParam().second));
}
INSTANTIATE_TEST_SUITE_P(Fields, NoInspection,
                         testing::Values(std::pair{"\"Id\":", "Id"}, std::pair{"\"Name\":", "Name"},
                                         std::pair{"\"State\":", "State"}, std::pair{"\"HostConfig\":", "HostConfig"}));

TEST(Inspection, CutShortAnywhereIsCorruptAndNeverAnythingElse) {
  const std::string whole = engine_fixture("docker_inspect_capped.json");
  const auto end = whole.rfind('}');
  for (std::size_t size = 0; size < end; size += 7) {
    const auto container = parse_container(std::string_view(whole).substr(0, size));
    ASSERT_FALSE(container) << size;
    EXPECT_EQ(container.error().code, Code::corrupt);
  }
}

TEST(Event, TellsEveryEventThatDockerWrote) {
  std::istringstream lines(engine_fixture("docker_events.jsonl"));
  std::vector<std::string> of_oomer;
  for (std::string line; std::getline(lines, line);) {
    const auto event = parse_event(line);
    ASSERT_TRUE(event) << event.error().message;
    ASSERT_TRUE(*event);
    if ((*event)->name == "oomer") of_oomer.push_back((*event)->kind);
  }
  EXPECT_THAT(of_oomer, ElementsAre("create", "start", "oom", "die"));
}

TEST(Event, TellsTimeAndExitCode) {
  const auto event = parse_event(minimal_event(R"("Action":"die","timeNano":1795356035694432456)"));
  ASSERT_TRUE(event && *event);
  EXPECT_EQ((*event)->at, base::WallTime(std::chrono::nanoseconds(1795356035694432456)));
  EXPECT_FALSE((*event)->exit_code);
  const auto died = parse_event(engine_fixture("podman_event.json"));
  ASSERT_TRUE(died && *died);
  EXPECT_EQ((*died)->kind, "die");
  EXPECT_EQ((*died)->exit_code, 137);
  EXPECT_EQ((*died)->name, "web");
}

TEST(Event, IsStampedInSecondsByEnginesWithoutNanoseconds) {
  const auto event = parse_event(minimal_event(R"("Action":"start","time":1795356035)"));
  ASSERT_TRUE(event && *event);
  EXPECT_EQ((*event)->at, base::WallTime(std::chrono::seconds(1795356035)));
}

TEST(Event, HasItsKindWithoutTheDetailAfterTheColon) {
  const auto event = parse_event(minimal_event(R"("Action":"health_status: healthy","time":1795356035)"));
  ASSERT_TRUE(event && *event);
  EXPECT_EQ((*event)->kind, "health_status");
}

TEST(Event, OfAnImageIsNone) {
  const auto event = parse_event(R"({"Type":"image","Action":"pull","Actor":{"ID":"app"},"time":1795356035})");
  ASSERT_TRUE(event);
  EXPECT_FALSE(*event);
}

class NoEvent : public testing::TestWithParam<std::string> {};
TEST_P(NoEvent, IsCorrupt) {
  const auto event = parse_event(GetParam());
  ASSERT_FALSE(event);
  EXPECT_EQ(event.error().code, Code::corrupt);
}
INSTANTIATE_TEST_SUITE_P(Texts, NoEvent,
                         testing::Values("", "[]", "{}", "{\"Type\":\"container\"",
                                         R"({"Type":"container","Action":"start","time":1795356035})",
                                         minimal_event(R"("time":1795356035)"), minimal_event(R"("Action":"start")"),
                                         minimal_event(R"("Action":"start","time":1e300)"),
                                         minimal_event(R"("Action":"start","time":99999999999999)")));

TEST(ErrorMessage, IsTheEnginesOwn) {
  EXPECT_EQ(parse_error_message(engine_fixture("docker_error.json")), "No such container: nosuch");
}

TEST(ErrorMessage, OfSomethingElseIsItsBeginning) {
  EXPECT_EQ(parse_error_message("bad gateway\n"), "bad gateway");
  EXPECT_EQ(parse_error_message(std::string(1000, 'x')).size(), 300U);
}

}  // namespace
}  // namespace guard::source

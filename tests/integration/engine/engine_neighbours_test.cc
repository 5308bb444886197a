// One bad or huge entry in the engine's list hides nobody.

#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "faulty_engine.h"

namespace engine_test {
namespace {

using testing::HasSubstr;

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

}  // namespace
}  // namespace engine_test

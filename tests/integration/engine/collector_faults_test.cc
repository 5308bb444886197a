// The collector where no cgroup can be read, before an engine that is slow to answer.

#include <future>
#include <memory>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "faulty_engine.h"
#include "guard/collect/collector.h"

namespace engine_test {
namespace {

using guard::MachineCollector;
class Collecting : public testing::Test {
 protected:
  Collecting() {
    engine.on("/containers/json", [](Answer& answer) { answer.json(200, fixture("docker_list.json")); });
    engine.on("/containers/" + kId + "/json",
              [](Answer& answer) { answer.json(200, fixture("docker_inspect_capped.json")); });
    config.workloads.emplace_back();
    config.workloads[0].name = "web";
    config.workloads[0].target = {guard::sample::TargetKind::container, "capped", {}};
    guard::source::EngineWatchOptions options;
    options.engine.socket = engine.socket();
    thread.on_loop([&] { watch = std::make_unique<EngineWatch>(options, thread.loop, [](const EngineEvent&) {}); });
  }
  ~Collecting() override {
    thread.on_loop([&] {
      collector.reset();
      watch.reset();
    });
  }
  // A tree in which the container's process has no cgroup.
  void make_collector() {
    collector = std::make_unique<MachineCollector>(
        config, guard::MachineSources{.root = FIXTURES "/cgroup_v2", .engine = watch.get()});
  }
  guard::sample::Workload collect() {
    return collector->collect(std::chrono::steady_clock::now(), std::chrono::system_clock::now()).workloads.at(0);
  }

  FakeEngine engine;
  guard::config::Config config;
  LoopThread thread;
  std::unique_ptr<EngineWatch> watch;
  std::unique_ptr<MachineCollector> collector;
};

TEST_F(Collecting, TakesTheEnginesStatisticsAndItsLimits) {
  engine.on("/containers/" + kId + "/stats", [](Answer& answer) { answer.json(200, fixture("docker_stats_v1.json")); });
  thread.on_loop([&] { make_collector(); });
  ASSERT_TRUE(thread.comes_true([&] { return collect().resources.memory.usage.has_value(); }));
  const auto web = thread.on_loop([&] { return collect(); });
  EXPECT_TRUE(web.resources.cpu.used) << "a counter stays known until the next answer";
  EXPECT_TRUE(web.resources.read_at);
  EXPECT_EQ(*web.resources.cpu.limit, base::Cores{0.5});
  EXPECT_EQ(web.caps.engine->memory, base::mebibytes(64));
  EXPECT_THAT(web.resources.pressure.memory.some.reason(), testing::HasSubstr("statistics"));
}

// SIGHUP while the engine is asked: the watch survives the reload, the collector does not.
TEST_F(Collecting, AReloadDuringAQuestionLeavesNothingThatTheAnswerCouldBeWrittenTo) {
  std::promise<void> may_answer;
  const std::shared_future<void> answer_now = may_answer.get_future().share();
  engine.on("/containers/" + kId + "/stats", [answer_now](Answer& answer) {
    answer_now.wait();
    answer.json(200, fixture("docker_stats_v1.json"));
  });
  thread.on_loop([&] { make_collector(); });
  ASSERT_TRUE(thread.comes_true([&] {
    collect();
    return !engine.asked("/containers/" + kId + "/stats").empty();
  }));
  thread.on_loop([&] { make_collector(); });
  may_answer.set_value();
  // The new one asks for itself, behind the old question.
  ASSERT_TRUE(thread.comes_true([&] { return collect().resources.memory.usage.has_value(); }));
  EXPECT_EQ(engine.asked("/containers/" + kId + "/stats").size(), 2U);
}

}  // namespace
}  // namespace engine_test

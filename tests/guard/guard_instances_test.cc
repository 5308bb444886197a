// Several containers of one configured workload: each is guarded by itself, comes and goes, and keeps what is known.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/guard/fakes.h"

namespace guard {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

sample::Workload replica(const std::string& number, const std::string& id) {
  sample::Workload workload = running_workload("api-" + number);
  workload.configured_as = "api";
  workload.identity.key = "container:" + id;
  workload.identity.container_id = id;
  return workload;
}

config::Config restarting_service() { return config_of({workload_config("api", {memory_rule({policy::Restart{}})})}); }

std::vector<std::string> acted_on(const Scene& scene) {
  std::vector<std::string> names;
  for (const auto& decision : scene.executor.decisions) names.push_back(decision.workload);
  return names;
}

TEST(Replicas, AreJudgedEachByItself) {
  Scene scene(restarting_service());
  scene.collector.workloads = {replica("1", "a"), replica("2", "b"), replica("3", "c")};
  scene.use_memory(900, 1);
  scene.tick(11);
  EXPECT_THAT(acted_on(scene), ElementsAre("api-2"));
  ASSERT_THAT(scene.report().workloads, SizeIs(3));
}

TEST(Replicas, ThatAreScaledAwayLeaveTheReport) {
  Scene scene(restarting_service());
  scene.collector.workloads = {replica("1", "a"), replica("2", "b")};
  scene.tick();
  scene.collector.workloads.pop_back();
  scene.tick();
  ASSERT_THAT(scene.report().workloads, SizeIs(1));
  EXPECT_EQ(scene.report().workloads[0].workload.name, "api-1");
}

TEST(Replicas, ScalingUpIsNoRestart) {
  Scene scene(restarting_service());
  scene.collector.workloads = {replica("1", "a")};
  scene.tick(5);
  scene.collector.workloads.push_back(replica("2", "b"));
  scene.tick(5);
  for (const auto& report : scene.report().workloads) EXPECT_EQ(report.signals.restarts_total, 0U);
}

TEST(Replicas, TheFirstTakesAlongWhatIsKnownOfItWhenItIsNumbered) {
  Scene scene(restarting_service());
  sample::Workload alone = replica("1", "a");
  alone.name = "api";
  scene.collector.workloads = {alone};
  scene.use_memory(900);
  scene.tick(6);
  scene.collector.workloads = {replica("1", "a"), replica("2", "b")};
  scene.collector.workloads[0].renamed_from = "api";
  scene.use_memory(900);
  scene.tick();
  scene.collector.workloads[0].renamed_from.clear();
  scene.tick(3);
  EXPECT_THAT(scene.executor.decisions, IsEmpty());
  scene.tick();
  EXPECT_THAT(acted_on(scene), ElementsAre("api-1")) << "ten seconds since the first of them";
}

TEST(Replicas, AnActionThatOutlastsTheRenamingEndsForTheRenamed) {
  Scene scene(restarting_service());
  sample::Workload alone = replica("1", "a");
  alone.name = "api";
  scene.collector.workloads = {alone};
  scene.use_memory(900);
  scene.tick(11);
  ASSERT_THAT(acted_on(scene), ElementsAre("api"));
  scene.collector.workloads = {replica("1", "a"), replica("2", "b")};
  scene.collector.workloads[0].renamed_from = "api";
  scene.use_memory(900);
  scene.tick();
  scene.collector.workloads[0].renamed_from.clear();
  EXPECT_TRUE(scene.guard().is_acting());
  scene.executor.finish();
  EXPECT_FALSE(scene.guard().is_acting());
  EXPECT_EQ(scene.counted("restart", "done"), 1U);
  scene.tick(400);
  EXPECT_THAT(acted_on(scene), testing::Contains("api-1")) << "it is not held by its own past";
}

TEST(Replicas, AStopLatchOfOneOfSeveralHoldsWhenItIsTheOnlyOneLeft) {
  Scene scene(restarting_service());
  scene.guard().latch("api-1", {"memory-high", {}});
  sample::Workload alone = replica("1", "a");
  alone.name = "api";
  alone.lifecycle.state = sample::State::stopped;
  scene.collector.workloads = {alone};
  scene.tick();
  EXPECT_TRUE(scene.report().workloads[0].policy.stop_latch);
}

TEST(Replicas, ThatGoWhileTheyAreToBeRestartedKeepNobodyWaiting) {
  config::Config config =
      config_of({workload_config("db", {memory_rule({policy::Restart{}})}), workload_config("api")});
  config.workloads[1].depends_on = {{"db"}};
  Scene scene(config);
  scene.collector.workloads = {running_workload("db"), replica("1", "a"), replica("2", "b"), replica("evil", "x")};
  scene.collector.workloads[3].only_watched = "not of the service";
  scene.use_memory(900);
  scene.tick(11);
  scene.use_memory(100);
  scene.collector.workloads[0].lifecycle.state = sample::State::starting;
  scene.executor.finish();
  scene.tick(2);
  scene.collector.workloads.erase(scene.collector.workloads.begin() + 2);
  scene.collector.workloads[0].lifecycle.state = sample::State::running;
  scene.tick(2);
  EXPECT_THAT(acted_on(scene), ElementsAre("db", "api-1"));
  scene.executor.finish();
  scene.tick();
  EXPECT_EQ(scene.report().workloads[1].policy.dependency_suppression, "")
      << "the others have gone or are not restarted";
}

TEST(Replicas, ThatAreCreatedAgainGoOnUnderTheirName) {
  config::Config config = restarting_service();
  config.workloads[0].rules[0].cooldown = std::chrono::minutes(10);
  Scene scene(config);
  scene.collector.workloads = {replica("1", "a"), replica("2", "b")};
  scene.use_memory(900, 1);
  scene.tick(11);
  scene.executor.finish();
  scene.collector.workloads.pop_back();
  scene.tick(30);
  scene.collector.workloads.push_back(replica("2", "c"));
  scene.use_memory(900, 1);
  scene.tick(60);
  EXPECT_THAT(acted_on(scene), ElementsAre("api-2")) << "the rule still rests";
}

TEST(Replicas, ThatAStopLatchHoldsAreKnownBeforeTheyAreSeen) {
  Scene scene(restarting_service());
  scene.guard().latch("api-2", {"memory-high", {}});
  EXPECT_THAT(scene.guard().stop_latches(), SizeIs(1));
  scene.collector.workloads = {replica("1", "a"), replica("2", "b")};
  scene.collector.workloads[1].lifecycle.state = sample::State::stopped;
  scene.tick();
  EXPECT_TRUE(scene.report().workloads[1].policy.stop_latch);
  EXPECT_THAT(scene.guard().stop_latches(), SizeIs(1));
}

TEST(Replicas, KeepWhatIsKnownOfThemOverAReload) {
  Scene scene(restarting_service());
  scene.collector.workloads = {replica("1", "a"), replica("2", "b")};
  scene.tick(3);
  ++scene.collector.workloads[1].lifecycle.starts;
  scene.tick(3);
  scene.reload(restarting_service());
  scene.tick();
  EXPECT_EQ(scene.report().workloads[1].signals.restarts_total, 1U);
}

TEST(Replicas, OfADependencyAreThereAsLongAsOneRuns) {
  config::Config config = restarting_service();
  config::WorkloadConfig web = workload_config("web", {memory_rule({policy::Restart{}})});
  web.depends_on = {{"api"}};
  config.workloads.push_back(web);
  Scene scene(config);
  scene.collector.workloads = {replica("1", "a"), replica("2", "b"), running_workload("web")};
  scene.collector.workloads[0].lifecycle.state = sample::State::stopped;
  scene.tick();
  EXPECT_EQ(scene.report().workloads[2].policy.dependency_suppression, "");
  scene.collector.workloads[1].lifecycle.state = sample::State::stopped;
  scene.tick();
  EXPECT_EQ(scene.report().workloads[2].policy.dependency_suppression, "api, which web depends on, is stopped");
}

TEST(Replicas, OfADependentAreAllRestartedAfterIt) {
  config::Config config =
      config_of({workload_config("db", {memory_rule({policy::Restart{}})}), workload_config("api")});
  config.workloads[1].depends_on = {{"db"}};
  Scene scene(config);
  scene.collector.workloads = {running_workload("db"), replica("1", "a"), replica("2", "b")};
  scene.use_memory(900);
  scene.tick(11);
  scene.use_memory(100);
  scene.executor.finish();
  scene.tick(3);
  EXPECT_THAT(acted_on(scene), ElementsAre("db", "api-1", "api-2"));
  scene.executor.finish();
  scene.executor.finish();
  scene.tick(30);
  EXPECT_THAT(scene.executor.decisions, SizeIs(3));
}

TEST(Replicas, ThatAreOnlyWatchedAreShownAndLeftAlone) {
  config::Config config = restarting_service();
  config.workloads[0].caps.memory = base::mebibytes(700);
  Scene scene(config);
  scene.collector.workloads = {replica("1", "a"), replica("evil", "x")};
  scene.collector.workloads[1].only_watched = "compose did not make it";
  scene.collector.workloads[1].caps.kernel.memory = base::mebibytes(2000);
  scene.collector.workloads[0].caps.kernel.memory = base::mebibytes(700);
  scene.use_memory(900, 1);
  scene.tick(30);
  EXPECT_THAT(scene.executor.decisions, IsEmpty());
  EXPECT_EQ(scene.report().workloads[1].signals.memory_used->value, 0.9);
}

TEST(PageCache, ThatFillsTheLimitRestartsNothing) {
  Scene scene(restarting_service());
  sample::Memory& memory = scene.collector.workloads[0].resources.memory;
  memory.usage = base::mebibytes(990);
  memory.anon = base::mebibytes(40);
  memory.file = base::mebibytes(940);
  scene.tick(120);
  EXPECT_THAT(scene.executor.decisions, IsEmpty());
  memory.anon = base::mebibytes(900);
  memory.file = base::mebibytes(80);
  scene.tick(11);
  EXPECT_THAT(scene.executor.decisions, SizeIs(1));
}

TEST(Paused, WorkloadsAreNotActedOn) {
  Scene scene(restarting_service());
  scene.use_memory(900);
  scene.tick(5);
  scene.collector.workloads[0].lifecycle.state = sample::State::paused;
  scene.tick(120);
  EXPECT_THAT(scene.executor.decisions, IsEmpty());
  scene.collector.workloads[0].lifecycle.state = sample::State::running;
  scene.tick(5);
  EXPECT_THAT(scene.executor.decisions, IsEmpty()) << "what was before the pause is not evidence for after it";
  scene.tick(10);
  EXPECT_THAT(scene.executor.decisions, SizeIs(1));
}

TEST(Paused, APauseAtTheSecondLookKeepsTheActionBack) {
  Scene scene(restarting_service());
  scene.use_memory(900);
  scene.collector.at_recheck = [](sample::Workload& web) { web.lifecycle.state = sample::State::paused; };
  scene.tick(11);
  EXPECT_THAT(scene.executor.decisions, IsEmpty());
}

TEST(Paused, AndUnpausedIsNoRestart) {
  Scene scene(restarting_service());
  scene.tick(3);
  scene.collector.workloads[0].lifecycle.state = sample::State::paused;
  scene.tick(3);
  scene.collector.workloads[0].lifecycle.state = sample::State::running;
  scene.tick(3);
  EXPECT_EQ(scene.report().workloads[0].signals.restarts_total, 0U);
}

}  // namespace
}  // namespace guard

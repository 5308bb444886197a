// Rules about health probes: what a probe is sure of acts, everything else does not.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/guard/conditions.h"

namespace guard {
namespace {

using testing::IsEmpty;
using testing::SizeIs;

constexpr auto kProbes =
    "health: [{name: page, http: 'http://127.0.0.1:8080/', every: 5s, timeout: 1s, failures: 2}, "
    "{name: port, tcp: '127.0.0.1:5432', every: 5s, timeout: 1s, failures: 2}], ";

sample::Probe answer(Scene& scene, const std::string& name, std::uint64_t failures) {
  sample::Probe probe;
  probe.workload = "web";
  probe.name = name;
  probe.last_answer = scene.clock.steady_now();
  probe.failures_in_row = failures;
  probe.passes_in_row = failures == 0 ? 1 : 0;
  probe.why = failures == 0 ? "" : "answered 500";
  return probe;
}

void answer_all(Scene& scene, std::uint64_t page_failures, std::uint64_t port_failures) {
  scene.collector.probes = {answer(scene, "page", page_failures), answer(scene, "port", port_failures)};
}

TEST(HealthConditions, AnUnhealthyProbeActs) {
  Scene scene = scene_with("unhealthy: true, for: 5s", kProbes);
  tick(scene, 30, [&] { answer_all(scene, 0, 1); });
  EXPECT_THAT(scene.executor.decisions, IsEmpty()) << "one failure of the two it takes";
  tick(scene, 6, [&] { answer_all(scene, 0, 2); });
  ASSERT_THAT(scene.executor.decisions, SizeIs(1));
  EXPECT_EQ(scene.executor.decisions[0].reason, "health probe fails: port (answered 500, 2 times in a row)");
  EXPECT_EQ(scene.executor.decisions[0].evidence.at("unhealthy"), "port (answered 500, 2 times in a row)");
}

TEST(HealthConditions, AnUnhealthyProbeThatIsNotMeantDoesNotAct) {
  Scene scene = scene_with("unhealthy: page, for: 5s", kProbes);
  tick(scene, 30, [&] { answer_all(scene, 0, 9); });
  EXPECT_THAT(scene.executor.decisions, IsEmpty());
  tick(scene, 6, [&] { answer_all(scene, 2, 9); });
  EXPECT_THAT(scene.executor.decisions, SizeIs(1));
}

TEST(HealthConditions, AProbeThatIsNotKnownDoesNotAct) {
  Scene never = scene_with("unhealthy: true", kProbes);
  never.tick(30);
  EXPECT_THAT(never.executor.decisions, IsEmpty());

  Scene unable = scene_with("unhealthy: true", kProbes);
  tick(unable, 30, [&] {
    answer_all(unable, 9, 9);
    for (auto& probe : unable.collector.probes) probe.able = false;
  });
  EXPECT_THAT(unable.executor.decisions, IsEmpty());

  Scene stopped = scene_with("unhealthy: true", kProbes);
  web(stopped).lifecycle.state = sample::State::stopped;
  tick(stopped, 30, [&] { answer_all(stopped, 9, 9); });
  EXPECT_THAT(stopped.executor.decisions, IsEmpty());
}

TEST(HealthConditions, AStaleAnswerDoesNotAct) {
  Scene scene = scene_with("unhealthy: true, for: 20s", kProbes);
  scene.tick();
  answer_all(scene, 9, 0);
  scene.tick(300);
  EXPECT_THAT(scene.executor.decisions, IsEmpty()) << "it is an answer for 11 seconds only";
}

TEST(HealthConditions, AnAnswerThatChangedAtTheSecondLookDoesNotAct) {
  Scene scene = scene_with("unhealthy: page", kProbes);
  scene.collector.around_recheck = [](sample::Snapshot& snapshot) {
    snapshot.probes[0].failures_in_row = 0;
    snapshot.probes[0].passes_in_row = 1;
  };
  tick(scene, 1, [&] { answer_all(scene, 9, 0); });
  EXPECT_THAT(scene.executor.decisions, IsEmpty());
  EXPECT_EQ(scene.counted("signal", "recovered"), 1u);
}

TEST(HealthConditions, AStepOfAEscalationHasHelpedWhenTheNewRunIsHealthy) {
  Scene scene = scene_with("unhealthy: page", kProbes,
                           "escalate: [{do: [{restart: {drain: 1s}}], within: 1m}, "
                           "{do: [{stop: {drain: 1s}}]}], cooldown: 10m");
  tick(scene, 2, [&] { answer_all(scene, 9, 0); });
  ASSERT_THAT(scene.executor.decisions, SizeIs(1));
  scene.executor.finish();
  web(scene).identity.key = "container:the-next";
  ++web(scene).lifecycle.starts;
  tick(scene, 20, [&] { scene.collector.probes.clear(); });
  tick(scene, 120, [&] { answer_all(scene, 0, 0); });
  EXPECT_THAT(scene.executor.decisions, SizeIs(1)) << "the stop is not needed";
  EXPECT_THAT(scene.report().recent_actions.front().effect, testing::HasSubstr("no longer unhealthy after"));
}

TEST(HealthConditions, AEscalationGoesOnWhenTheNewRunIsUnhealthyToo) {
  Scene scene = scene_with("unhealthy: page", kProbes,
                           "escalate: [{do: [{restart: {drain: 1s}}], within: 1m}, "
                           "{do: [{stop: {drain: 1s}}]}], cooldown: 10m");
  tick(scene, 2, [&] { answer_all(scene, 9, 0); });
  scene.executor.finish();
  web(scene).identity.key = "container:the-next";
  ++web(scene).lifecycle.starts;
  tick(scene, 20, [&] { scene.collector.probes.clear(); });
  EXPECT_THAT(scene.executor.decisions, SizeIs(1)) << "what is not known is no failure of the step";
  tick(scene, 70, [&] { answer_all(scene, 9, 0); });
  ASSERT_THAT(scene.executor.decisions, SizeIs(2));
  EXPECT_EQ(policy::name_of(scene.executor.decisions[1].action), "stop");
}

}  // namespace
}  // namespace guard

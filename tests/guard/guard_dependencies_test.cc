// Workloads that depend on another one: restarted after it, in order, and not cured of its trouble.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/guard/fakes.h"

namespace guard {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

config::WorkloadConfig dependent(const std::string& name, std::vector<policy::Dependency> needs,
                                 std::vector<policy::Rule> rules = {}) {
  config::WorkloadConfig workload = workload_config(name, std::move(rules));
  workload.depends_on = std::move(needs);
  return workload;
}

// db ← api ← web, db ← worker ← web.
config::Config diamond() {
  return config_of({workload_config("db", {memory_rule({policy::Restart{}})}), dependent("web", {{"api"}, {"worker"}}),
                    dependent("api", {{"db"}}), dependent("worker", {{"db"}})});
}

std::vector<std::string> restarted(const Scene& scene) {
  std::vector<std::string> names;
  for (const auto& decision : scene.executor.decisions) names.push_back(decision.workload);
  return names;
}

void restart_db(Scene& scene) {
  scene.use_memory(900);
  scene.tick(11);
  scene.use_memory(100);
  scene.executor.finish();
}

TEST(Dependencies, FollowARestartInOrderEachOnce) {
  Scene scene(diamond());
  scene.use_memory(900);
  scene.tick(11);
  EXPECT_THAT(restarted(scene), ElementsAre("db"));
  scene.use_memory(100);
  scene.tick(5);
  EXPECT_THAT(restarted(scene), ElementsAre("db")) << "it is still being restarted";
  scene.executor.finish();
  scene.tick(3);
  EXPECT_THAT(restarted(scene), ElementsAre("db", "api", "worker"));
  scene.executor.finish();
  scene.tick(3);
  EXPECT_THAT(restarted(scene), ElementsAre("db", "api", "worker")) << "web needs both";
  scene.executor.finish();
  scene.tick(3);
  EXPECT_THAT(restarted(scene), ElementsAre("db", "api", "worker", "web"));
  scene.executor.finish();
  scene.tick(60);
  EXPECT_THAT(scene.executor.decisions, testing::SizeIs(4));
  EXPECT_EQ(scene.executor.decisions[1].rule, "depends_on");
  EXPECT_EQ(scene.executor.decisions[1].reason, "db was restarted by rule memory-high, and api depends on it");
}

TEST(Dependencies, WaitUntilItRunsAgain) {
  Scene scene(diamond());
  restart_db(scene);
  scene.collector.workloads[0].lifecycle.state = sample::State::starting;
  scene.tick(30);
  EXPECT_THAT(restarted(scene), ElementsAre("db"));
  EXPECT_THAT(scene.report().workloads[2].policy.dependency_suppression, HasSubstr("it is restarted next"));
  scene.collector.workloads[0].lifecycle.state = sample::State::unknown;
  scene.tick(30);
  EXPECT_THAT(restarted(scene), ElementsAre("db")) << "doubt restarts nothing";
  scene.collector.workloads[0].lifecycle.state = sample::State::running;
  scene.tick(1);
  EXPECT_THAT(restarted(scene), ElementsAre("db", "api", "worker"));
}

TEST(Dependencies, DoNotWaitForEver) {
  Scene scene(diamond());
  restart_db(scene);
  scene.collector.workloads[0].lifecycle.state = sample::State::stopped;
  scene.tick(601);
  scene.collector.workloads[0].lifecycle.state = sample::State::running;
  scene.tick(60);
  EXPECT_THAT(restarted(scene), ElementsAre("db"));
}

TEST(Dependencies, WhatDoesNotRunIsNotRestarted) {
  Scene scene(diamond());
  scene.collector.workloads[2].lifecycle.state = sample::State::stopped;
  restart_db(scene);
  scene.tick(3);
  EXPECT_THAT(restarted(scene), ElementsAre("db", "worker"));
}

TEST(Dependencies, AFailedRestartIsFollowedByNothing) {
  Scene scene(diamond());
  scene.use_memory(900);
  scene.tick(11);
  scene.use_memory(100);
  scene.executor.finish(base::fail(base::Code::unavailable, "the engine is down"));
  scene.tick(60);
  EXPECT_THAT(restarted(scene), ElementsAre("db"));
}

TEST(Dependencies, OnlyThoseThatAreToBeRestarted) {
  Scene scene(
      config_of({workload_config("db", {memory_rule({policy::Restart{}})}), dependent("api", {{"db", false}})}));
  restart_db(scene);
  scene.tick(60);
  EXPECT_THAT(restarted(scene), ElementsAre("db"));
}

TEST(Dependencies, SurviveAReload) {
  Scene scene(diamond());
  restart_db(scene);
  scene.reload(diamond());
  scene.tick(1);
  EXPECT_THAT(restarted(scene), ElementsAre("db", "api", "worker"));
}

TEST(Dependencies, WhoseRestartIsUnderWayAtAReloadAreNotRestartedTwice) {
  Scene scene(diamond());
  restart_db(scene);
  scene.tick(1);
  scene.reload(diamond());
  scene.executor.unfinished.clear();
  scene.tick(60);
  EXPECT_THAT(restarted(scene), ElementsAre("db", "api", "worker", "web"));
}

class Explained : public testing::Test {
 protected:
  Explained()
      : scene(config_of({workload_config("db"),
                         dependent("api", {{"db", false}}, {memory_rule({policy::Shed{}}), [] {
                                                              policy::Rule rule = memory_rule({policy::Restart{}});
                                                              rule.name = "restart";
                                                              rule.held_for = std::chrono::seconds(100);
                                                              return rule;
                                                            }()})})) {
    scene.use_memory(900, 1);
  }
  Scene scene;
};

TEST_F(Explained, WhoseDependencyIsDownIsNotRestartedByItsOwnRules) {
  scene.collector.workloads[0].lifecycle.state = sample::State::stopped;
  scene.tick(11);
  EXPECT_THAT(restarted(scene), ElementsAre("api")) << "to shed is no restart";
  scene.executor.finish();
  scene.tick(120);
  EXPECT_THAT(restarted(scene), ElementsAre("api"));
  EXPECT_EQ(scene.counted("restart", "dependency"), 1U);
  EXPECT_EQ(scene.last_action().result, "db, which api depends on, is stopped");
  scene.collector.workloads[0].lifecycle.state = sample::State::running;
  scene.tick(1);
  EXPECT_THAT(restarted(scene), ElementsAre("api", "api")) << "its failure is explained no more";
}

TEST_F(Explained, DoubtAboutTheDependencyExplainsNothing) {
  scene.collector.workloads[0].lifecycle.state = sample::State::unknown;
  scene.tick(11);
  scene.executor.finish();
  scene.tick(100);
  EXPECT_THAT(restarted(scene), ElementsAre("api", "api"));
}

}  // namespace
}  // namespace guard

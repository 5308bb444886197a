// The agent's own history is recorded while a guard watches, and replayed: both must do the same, on CPU and logs too.

#include <map>
#include <tuple>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "agent/simulation/recorded_history.h"
#include "base/log.h"
#include "tests/guard/fakes.h"
#include "tests/guard/history/scene.h"

namespace agent::simulation {
namespace {

using namespace std::chrono_literals;
using guard::config::Config;
using testing::HasSubstr;

Config config_of(const std::string& names) {
  std::string yaml = "workloads:\n";
  for (const std::string& name : {std::string("web"), std::string("db")}) {
    if (names.find(name) == std::string::npos) continue;
    yaml += "  - name: " + name + "\n    container: " + name + R"(
    expect_log: [{name: cleanup, pattern: Cleaned, every: 10m, grace: 1m}]
    rules:
      - {name: high, when: {memory: '> 80%', for: 30s}, do: [{restart: {}}], cooldown: 5m}
      - {name: busy, when: {cpu: '> 0.6', for: 1m}, do: [notify], cooldown: 5m}
      - {name: silent, when: {log_overdue: true}, do: [notify], cooldown: 5m}
      - {name: full, when: {disk: '> 99%'}, do: [notify]}
)";
  }
  const auto result = guard::config::parse_config(yaml, "test.yml");
  for (const auto& problem : result.problems) ADD_FAILURE() << to_string(problem);
  return result.config.value_or(Config{});
}

// Memory of `web` climbs to 90 % and falls; its CPU is busy for five minutes.
void change(guard::history::Scene& scene, int second) {
  auto& web = scene.now.workloads.at(0).resources;
  web.memory.usage = base::mebibytes(second < 900 ? 400 + second / 3 : 400);
  web.memory.inactive_file = base::Bytes{0};
  web.memory.anon = *web.memory.usage;
  web.cpu.used = *web.cpu.used + (second > 300 && second < 600 ? base::Duration(700ms) : base::Duration(100ms));
}

// What the guard did while it was recorded: (second, workload, action, rule, reason).
using Act = std::tuple<long long, std::string, std::string, std::string, std::string>;

TEST(ReplayOfHistory, DoesWhatTheGuardDidWhileItWasRecorded) {
  base::set_log_level(base::LogLevel::error);
  const Config config = config_of("web db");
  guard::history::Scene scene;
  guard::FakeCollector collector;
  guard::FakeExecutor executor;
  guard::history::JournalWriter journal{""};
  base::ManualClock clock;
  guard::Guard guard(config, {collector, executor, journal, clock});
  std::vector<Act> acts;
  scene.tick(1500, [&](int second) {
    change(scene, second);
    collector.workloads = scene.now.workloads;
    collector.logs = scene.now.logs;
    guard.tick(0);
    while (!executor.unfinished.empty()) executor.finish();
    for (const auto& decision : executor.decisions) {
      acts.emplace_back(second, decision.workload, std::string(guard::policy::name_of(decision.action)), decision.rule,
                        decision.reason);
    }
    executor.decisions.clear();
    clock.advance(1s);
  });
  ASSERT_TRUE(scene.recording->write());

  const auto replayed = replay_history(scene.path(), config);
  ASSERT_TRUE(replayed) << replayed.error().message;
  using Counts = std::map<std::pair<std::string, std::string>, std::uint64_t>;  // by workload and action
  Counts done;
  for (const Act& act : acts) ++done[{std::get<1>(act), std::get<2>(act)}];
  Counts again;
  for (const Replayed& one : replayed->workloads) {
    for (const auto& [action, count] : one.timeline.actions()) again[{one.workload, action}] = count;
    for (const Entry& entry : one.timeline.entries()) {
      if (entry.kind != Entry::Kind::action) continue;
      const Act act(std::llround(entry.at) - 1767225600, one.workload, entry.what, entry.rule, entry.why);
      EXPECT_THAT(acts, testing::Contains(act));
    }
  }
  EXPECT_EQ(done, again);
  EXPECT_GE((done[{"web", "restart"}]), 1U);
  EXPECT_GE((done[{"web", "notify"}]), 2U);
}

// Two short stretches of the agent and a pause between them: no hold spans that, as it did not in life. That there are
// rollups too, of a quarter of an hour before, does not loosen it.
TEST(ReplayOfHistory, HoldsNoLongerThanTheGuardDid) {
  guard::history::Scene scene;
  const auto use = [&](std::int64_t mebibytes) {
    auto& memory = scene.now.workloads.at(0).resources.memory;
    memory.usage = memory.anon = base::mebibytes(mebibytes);
    memory.inactive_file = base::Bytes{0};
  };
  scene.tick(1000, [&](int) { use(200); });
  scene.tick(20, [&](int) { use(650); });
  scene.now.at += 22s;
  scene.now.wall += 22s;
  scene.tick(20, [&](int) { use(650); });
  scene.tick(10, [&](int) { use(200); });
  ASSERT_TRUE(scene.recording->write());
  const auto replayed = replay_history(scene.path(), config_of("web"));
  ASSERT_TRUE(replayed) << replayed.error().message;
  EXPECT_FALSE(replayed->workloads.front().timeline.actions().contains("restart"));
}

TEST(ReplayOfHistory, SaysWhatItHasNothingOf) {
  guard::history::Scene scene({}, {"web"});
  scene.tick(60);
  ASSERT_TRUE(scene.recording->write());
  const auto replayed = replay_history(scene.path(), config_of("web db"));
  ASSERT_TRUE(replayed) << replayed.error().message;
  ASSERT_EQ(replayed->workloads.size(), 1U);
  EXPECT_THAT(replayed->notes, testing::ElementsAre("the history has nothing of the workload db"));
  const auto none = replay_history(scene.path(), config_of("db"));
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().code, base::Code::not_found);
}

TEST(ReplayOfHistory, IsAFolderOrADatabaseAndNothingElse) {
  guard::history::Scene scene;
  scene.tick(10);
  ASSERT_TRUE(scene.recording->write());
  scene.folder.write("x.csv", "timestamp,memory_bytes\n1,2\n");
  EXPECT_TRUE(is_history(scene.path()));
  EXPECT_TRUE(is_history(scene.folder.path()));
  EXPECT_FALSE(is_history(scene.folder.at("x.csv")));
  EXPECT_FALSE(is_history(scene.folder.at("nothing")));
  EXPECT_TRUE(replay_history(scene.folder.path(), config_of("web")));
}

}  // namespace
}  // namespace agent::simulation

// Every incident against a configuration that reacts to it, and against one that does not.

#include <chrono>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "agent/simulation/drilled.h"
#include "base/log.h"

namespace agent::simulation {
namespace {

using testing::HasSubstr;

constexpr base::WallTime kNoon(std::chrono::seconds(1767268800));

Drilled drilled(std::string_view incident, const std::string& rules, const std::string& more = "") {
  base::set_log_level(base::LogLevel::error);
  const std::string yaml = "workloads:\n  - name: web\n    container: web\n    caps: {memory: 700m, cpus: 0.8}\n" +
                           more + (rules.empty() ? "" : "    rules:\n" + rules);
  const auto result = guard::config::parse_config(yaml, "test.yml");
  for (const auto& problem : result.problems) ADD_FAILURE() << to_string(problem);
  return drill(result.config.value(), "web", find_incident(incident).value(), kNoon);
}

constexpr const char* kExpectLog = "    expect_log: [{name: cleanup, pattern: Cleaned, every: 30m, grace: 5m}]\n";

// Whatever the incident, the rule that is advised against it reacts to it, and without it nothing does.
class Advice : public testing::TestWithParam<Incident> {};

TEST_P(Advice, ReactsAndNothingDoesWithoutIt) {
  const Incident& incident = GetParam();
  const auto with = drilled(incident.name, "      - " + std::string(incident.against) + "\n", kExpectLog);
  EXPECT_TRUE(with.passed) << with.verdict;
  ASSERT_TRUE(with.first_word.has_value());
  EXPECT_FALSE(with.timeline.actions().empty());
  const auto without =
      drilled(incident.name, "      - {name: never, when: {pids: '> 10000'}, do: [notify]}\n", kExpectLog);
  EXPECT_FALSE(without.passed);
  EXPECT_FALSE(without.first_word.has_value());
  EXPECT_THAT(without.verdict, HasSubstr("no rule of `web` reacts"));
  EXPECT_THAT(without.verdict, HasSubstr(std::string(incident.against)));
}

std::vector<Incident> with_advice() {
  std::vector<Incident> all;
  for (const Incident& incident : incidents())
    if (!incident.against.empty()) all.push_back(incident);
  return all;
}

INSTANTIATE_TEST_SUITE_P(Drill, Advice, testing::ValuesIn(with_advice()), [](const auto& of) {
  std::string name(of.param.name);
  std::erase(name, '-');
  return name;
});

TEST(Drill, ALeakIsRestartedBeforeItsLimitAndToldOfBefore) {
  const auto leak = drilled("leak", R"(
      - {name: tell, when: {time_to_limit: '< 1h', for: 2m}, do: [notify], cooldown: 30m}
      - {name: high, when: {memory: '> 93%', for: 3s}, do: [{restart: {drain: 30s}}], cooldown: 1m}
)");
  EXPECT_TRUE(leak.passed) << leak.verdict;
  ASSERT_TRUE(leak.first_word && leak.first_act);
  EXPECT_FALSE(leak.killed.has_value());
  EXPECT_GT(*leak.first_word, 2.5 * 3600);
  EXPECT_GT(*leak.first_act - *leak.first_word, 600);
  EXPECT_LT(*leak.first_act, 4 * 3600);
  EXPECT_EQ(leak.timeline.actions().at("restart"), 1U);
}

TEST(Drill, AWordAfterTheKillIsNoReactionToALeak) {
  const auto leak = drilled("leak", "      - {name: killed, when: {oom_kills: '> 0'}, do: [notify]}\n");
  EXPECT_TRUE(leak.killed.has_value());
  EXPECT_FALSE(leak.passed);
  EXPECT_THAT(leak.verdict, HasSubstr("before the limit is met"));
}

TEST(Drill, AWordThatDoesNotPreventTheKillIsToldSo) {
  const auto leak = drilled("leak", "      - {name: tell, when: {time_to_limit: '< 1h', for: 2m}, do: [notify]}\n");
  EXPECT_TRUE(leak.passed);
  EXPECT_THAT(leak.verdict, HasSubstr("all the same it is killed at its limit after 3h 5"));
  EXPECT_THAT(leak.verdict, HasSubstr("nothing acts by itself"));
}

TEST(Drill, ARuleThatActsWithoutAnyIncidentIsNoReactionToOne) {
  const std::string warm = "      - {name: warm, when: {memory: '> 30%', for: 30s}, do: [notify], cooldown: 10m}\n";
  for (const char* incident : {"log-silence", "cpu-throttle", "oom-kill", "leak"}) {
    const auto one = drilled(incident, warm, kExpectLog);
    EXPECT_FALSE(one.passed) << incident;
    EXPECT_TRUE(one.decisions.empty()) << incident;
    EXPECT_THAT(one.notes, testing::Contains(HasSubstr("rule warm acts without any incident")));
  }
  const auto both = drilled("oom-kill", warm + "      - {name: killed, when: {oom_kills: '> 0'}, do: [notify]}\n");
  EXPECT_TRUE(both.passed);
  EXPECT_THAT(both.verdict, testing::StartsWith("rule killed would notify"));
}

TEST(Drill, ARuleThatHoldsForLongIsGivenItsTime) {
  EXPECT_TRUE(
      drilled("cpu-throttle", "      - {name: slow, when: {cpu_throttled: '> 25%', for: 1h}, do: [notify]}\n").passed);
}

TEST(Drill, NothingIsEnforcedOnWhatCannotBeSeen) {
  const auto down =
      drilled("source-down", "      - {name: high, when: {memory: '> 30%', for: 20m}, do: [{stop: {}}]}\n");
  EXPECT_TRUE(down.passed) << down.verdict;
  EXPECT_FALSE(down.first_act.has_value());
}

TEST(Drill, ALogThatNobodyExpectsCannotBeMissed) {
  const auto silence = drilled("log-silence", "      - {name: never, when: {pids: '> 10000'}, do: [notify]}\n");
  EXPECT_FALSE(silence.passed);
  EXPECT_THAT(silence.verdict, HasSubstr("has no expect_log with `every`"));
}

TEST(Drill, ACalmWorkloadIsLeftAlone) {
  const auto down = drilled("source-down", R"(
      - {name: high, when: {memory: '> 50%'}, do: [notify]}
      - {name: grows, when: {time_to_limit: '< 30d'}, do: [notify]}
      - {name: throttled, when: {cpu_throttled: '> 1%'}, do: [notify]}
      - {name: silent, when: {log_overdue: true}, do: [notify]}
)",
                            kExpectLog);
  EXPECT_TRUE(down.timeline.actions().empty()) << lines_of(down).back();
}

}  // namespace
}  // namespace agent::simulation

#include <gtest/gtest.h>

#include "tests/guard/config/problems.h"

namespace guard::config {
namespace {

// A rule on memory over 85 % with these steps.
std::string steps(const std::string& text, const std::string& more = "") {
  return with("rules: [{name: r, when: {memory: '> 85%'" + more + "}, escalate: [" + text + "]}]");
}

// Without its place, which the lengths of the text decide.
std::string message_of(const std::string& problem) {
  const auto key = problem.find("workloads[0].rules");
  return key == std::string::npos ? problem : problem.substr(key + sizeof("workloads[0].rules[0].") - 1);
}

const std::string kShed = "{shed: {url: 'http://x/shed'}}";

TEST(Escalation, IsReadWholly) {
  const auto result = parse(
      "workloads: [{name: w, container: c, rules: [{name: r, when: {memory: '> 85%', clear: '< 80%'}, cooldown: 1h, "
      "escalate: [{do: [notify, " +
      kShed + "], until: {memory: '< 75%'}, within: 2m}, {do: [stop]}]}]}]");
  ASSERT_TRUE(result.config);
  const policy::Rule& rule = result.config->workloads[0].rules[0];
  EXPECT_TRUE(rule.actions.empty());
  ASSERT_EQ(rule.escalation.size(), 2U);
  EXPECT_EQ(rule.escalation[0].actions.size(), 2U);
  EXPECT_EQ(rule.escalation[0].within, std::chrono::minutes(2));
  ASSERT_TRUE(rule.escalation[0].until);
  EXPECT_EQ(rule.escalation[0].until->metric, policy::Metric::memory);
  EXPECT_EQ(rule.escalation[0].until->comparison, policy::Comparison::below);
  EXPECT_EQ(rule.escalation[0].until->trip, (policy::Threshold{0.75, true}));
  EXPECT_FALSE(rule.escalation[1].until);
  EXPECT_FALSE(rule.escalation[1].within);
}

TEST(Escalation, StandsInPlaceOfDo) {
  EXPECT_EQ(with("rules: [{name: r, do: [notify], when: {pids: '> 5'}, escalate: [{do: [notify]}]}]"),
            "1:100 workloads[0].rules[0].escalate: either `do` or `escalate`: put what is to be done first into the "
            "first step");
  EXPECT_EQ(message_of(steps("")),
            "escalate: an escalation without a step; write for example escalate: [{do: [notify]}]");
}

TEST(Escalation, SaysHowLongAStepIsGiven) {
  EXPECT_EQ(steps("{do: [notify]}, {do: [restart]}"),
            "1:91 workloads[0].rules[0].escalate[0]: how long is this step given to help before the next one? write "
            "for example within: 2m");
  EXPECT_EQ(steps("{do: [notify], within: 1m}, {do: [restart]}"), "");
  EXPECT_EQ(message_of(steps("{do: [notify], within: 1ms}, {do: [restart]}")),
            "escalate[0].within: 1ms is out of bounds: from 1s to 366d");
}

TEST(Escalation, GetsNoWeaker) {
  EXPECT_EQ(message_of(steps("{do: [restart], within: 1m}, {do: [" + kShed + "]}")),
            "escalate[1].do: is weaker than the step before; steps go from notify over shed, reclaim, signal and "
            "restart to stop");
  EXPECT_EQ(steps("{do: [" + kShed + "], within: 1m}, {do: [" + kShed + "]}"), "") << "as strong is not weaker";
}

TEST(Escalation, EndsWithStop) {
  EXPECT_EQ(message_of(steps("{do: [stop], within: 1m}, {do: [stop]}")),
            "escalate[1]: no step can follow stop: the workload stays stopped until it is started manually");
}

TEST(Until, MustBeAnEndOfTheTrouble) {
  const auto until = [](const std::string& text) {
    return message_of(steps("{do: [notify], within: 1m, until: {" + text + "}}, {do: [restart]}"));
  };
  EXPECT_EQ(until("memory: '< 85%'"), "");
  EXPECT_EQ(until("memory: '< 86%'"),
            "escalate[0].until: is true already when the rule trips, so the step would always have helped");
  EXPECT_EQ(until("memory: '> 90%'"), "escalate[0].until: on the rule's own side: write <");
  EXPECT_EQ(until("memory: '< 0'"), "escalate[0].until.memory: can never be true");
  EXPECT_EQ(until("time_to_limit: '> 2h'"), "");
  EXPECT_EQ(until("time_to_limit: '< 2h'"),
            "escalate[0].until.time_to_limit: wrong way round: that is the trouble and not its end");
  EXPECT_EQ(until("restart_loop: true"),
            "escalate[0].until.restart_loop: is not a goal; omit `until`: the goal is then that the rule is "
            "clear");
  EXPECT_EQ(until("memory: '< 75%', for: 5s").substr(0, 41), "escalate[0].until.for: unknown key \"for\";");
}

TEST(Order, TheGentlerRuleMustBeAbleToComeFirst) {
  const auto rules = [](const std::string& first, const std::string& second) {
    return with("rules: [{name: a, when: {" + first + "}, do: [restart]}, {name: b, when: {" + second + "}, do: [" +
                kShed + "]}]");
  };
  const std::string never =
      "when: its gentler action never comes first: rule a trips no later and does more; put both into one escalation "
      "(escalate)";
  EXPECT_EQ(message_of(rules("memory: '> 80%'", "memory: '> 90%'")), never);
  EXPECT_EQ(message_of(rules("memory: '> 80%'", "memory: '> 80%'")), never);
  EXPECT_EQ(rules("memory: '> 90%'", "memory: '> 80%'"), "");
  EXPECT_EQ(rules("memory: '> 80%', for: 1h", "memory: '> 90%'"), "") << "the restart waits for an hour";
  EXPECT_EQ(rules("memory: '> 80%'", "memory: '> 600m'"), "") << "of what is not known here";
  EXPECT_EQ(rules("memory: '< 80%'", "memory: '> 90%'"), "");
}

}  // namespace
}  // namespace guard::config

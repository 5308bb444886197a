#include <gtest/gtest.h>

#include "tests/guard/config/problems.h"

namespace guard::config {
namespace {

TEST(Rule, NeedsAConditionAndAnAction) {
  EXPECT_EQ(with("rules: [{name: r}]"),
            "1:45 workloads[0].rules[0].when: a rule without a condition; write for example when: {memory: '> 85%', "
            "for: 30s}\n"
            "1:45 workloads[0].rules[0].do: a rule without an action; write for example do: [notify]");
  EXPECT_EQ(when("for: 30s").substr(0, 47), "1:75 workloads[0].rules[0].when: what is the co");
}

TEST(Rule, RefusesTwoConditions) {
  EXPECT_EQ(when("pids: '> 5', memory: '> 85%'"),
            "1:97 workloads[0].rules[0].when.memory: one condition a rule in this version; write a second rule for "
            "this one");
}

TEST(Rule, RefusesTwinsAndTheReservedName) {
  const std::string rest = ", do: [notify], when: {pids: '> 5'}}";
  EXPECT_EQ(with("rules: [{name: r" + rest + ", {name: r" + rest + "]"),
            "1:98 workloads[0].rules[1].name: this workload has another rule of this name");
  EXPECT_EQ(with("rules: [{name: caps" + rest + "]"),
            "1:52 workloads[0].rules[0].name: this workload has another rule of this name");
}

TEST(Rule, CooldownIsNoShorterThanATick) {
  const auto cooldown = [](const std::string& text) {
    return problems_of(
        "agent: {sample_interval: 10s}\n"
        "workloads: [{name: w, container: c, rules: [{name: r, do: [notify], when: {pids: '> 5'}, "
        "cooldown: " +
        text + "}]}]");
  };
  EXPECT_EQ(cooldown("10s"), "");
  EXPECT_EQ(cooldown("9s"),
            "2:100 workloads[0].rules[0].cooldown: must not be shorter than agent.sample_interval, 10s");
}

TEST(Condition, SaysWhatWouldDo) {
  EXPECT_EQ(
      when("memory: 85%"),
      "1:84 workloads[0].rules[0].when.memory: expected > or < and a value; write for example '> 85%' or '> 600m'");
  EXPECT_EQ(when("memory: '>= 85%'"),
            "1:84 workloads[0].rules[0].when.memory: only > and < are taken; write for example '> 85%' or '> 600m'");
  EXPECT_EQ(when("memory: '> lots'"),
            "1:84 workloads[0].rules[0].when.memory: not a size: \"lots\"; write for example 700m, 512MiB, 1.5g or "
            "1048576");
}

TEST(Condition, TakesPerCentOnlyOfALimit) {
  EXPECT_EQ(when("pids: '> 85%'"),
            "1:82 workloads[0].rules[0].when.pids: pids has no limit to take per cent of; write for example '> 400'");
  EXPECT_EQ(when("cpu: '> 95%'"),
            "1:81 workloads[0].rules[0].when.cpu: per cent of which limit? set caps.cpus, or write cores");
}

TEST(Condition, RefusesWhatCanNeverBe) {
  EXPECT_NE(when("memory: '> 100%'").find("must be more than 0% and less than 100%"), std::string::npos);
  const auto capped = [](const std::string& condition) {
    return with("caps: {memory: 700m, pids: 9}, rules: [{name: r, do: [notify], when: {" + condition + "}}]");
  };
  EXPECT_EQ(capped("memory: '> 699m'"), "");
  EXPECT_EQ(capped("memory: '> 700m'"),
            "1:115 workloads[0].rules[0].when.memory: can never be true: caps.memory is 700 MiB");
  EXPECT_EQ(capped("pids: '> 9'"), "1:113 workloads[0].rules[0].when.pids: can never be true: caps.pids is 9");
  EXPECT_EQ(when("log_overdue: true"),
            "1:89 workloads[0].rules[0].when.log_overdue: no line of expect_log has `every`, so none is ever overdue");
  EXPECT_EQ(with("leak: {enabled: false}, rules: [{name: r, do: [notify], when: {leaking: true}}]"),
            "1:109 workloads[0].rules[0].when.leaking: needs leak detection, which leak.enabled: false turns off");
  EXPECT_EQ(
      with("leak: {enabled: false}, rules: [{name: r, do: [notify], when: {time_to_limit: '< 5m'}}]"),
      "1:115 workloads[0].rules[0].when.time_to_limit: needs leak detection, which leak.enabled: false turns off");
}

TEST(Condition, RefusesTheWrongWayRound) {
  EXPECT_EQ(when("time_to_limit: '> 10m'"),
            "1:91 workloads[0].rules[0].when.time_to_limit: wrong way round; write for example '< 10m'");
  EXPECT_EQ(when("restart_loop: false"), "1:90 workloads[0].rules[0].when.restart_loop: only true makes a condition");
  EXPECT_EQ(when("oom_kills: '> 0', for: 5s"),
            "1:99 workloads[0].rules[0].when.for: an OOM kill is a moment; a rule on it cannot wait");
}

TEST(Clear, StandsOnTheOtherSideOfTheTrip) {
  EXPECT_EQ(when("memory: '> 85%', clear: '< 84%'"), "");
  EXPECT_EQ(when("memory: '> 85%', clear: '< 85%'"),
            "1:100 workloads[0].rules[0].when.clear: must be less than what trips the rule");
  EXPECT_EQ(when("memory: '> 85%', clear: '> 75%'"),
            "1:100 workloads[0].rules[0].when.clear: clears on the other side: write <");
  EXPECT_EQ(when("memory: '> 85%', clear: '< 75m'"),
            "1:100 workloads[0].rules[0].when.clear: must be in per cent exactly when the condition is");
  EXPECT_EQ(when("time_to_limit: '< 10m', clear: '> 10m'"),
            "1:107 workloads[0].rules[0].when.clear: must be more than what trips the rule");
  EXPECT_EQ(when("time_to_limit: '< 10m', clear: '> 20m'"), "");
  EXPECT_EQ(when("restart_loop: true, clear: '< 1'"),
            "1:103 workloads[0].rules[0].when.clear: restart_loop clears by itself");
}

TEST(Actions, AreChecked) {
  const auto action = [](const std::string& text) {
    return with("rules: [{name: r, when: {pids: '> 5'}, do: [" + text + "]}]");
  };
  const std::string at = "workloads[0].rules[0].do[0]";
  EXPECT_EQ(action("reboot"),
            "1:81 " + at + ": not an action; expected one of: notify, shed, reclaim, restart, stop, signal");
  EXPECT_EQ(action("{restrat: {}}"), "1:82 " + at + ".restrat: unknown key \"restrat\"; did you mean \"restart\"?");
  EXPECT_EQ(action("{notify: {}, stop: {}}"),
            "1:81 " + at + ": one action a list item, such as - {restart: {drain: 30s}}");
  EXPECT_EQ(action("{shed: {url: ftp://x}}"),
            "1:94 " + at + ".shed.url: expected an address such as http://127.0.0.1:8080/path");
  EXPECT_EQ(action("{shed: {url: 'http://x', target: 100%}}"),
            "1:114 " + at + ".shed.target: out of bounds: more than 0% and less than 100%");
  EXPECT_EQ(action("shed").substr(0, 54), "1:81 " + at + ".shed.url: where does ");
  EXPECT_EQ(action("{reclaim: {}}"), "1:91 " + at + ".reclaim.amount: how much? write for example amount: 64m");
  EXPECT_EQ(action("{restart: {drain: 2h}}"), "1:99 " + at + ".restart.drain: 2h is out of bounds: from 0s to 1h");
  EXPECT_EQ(action("restart, stop, notify, {signal: {name: HUP}}"), "");
  EXPECT_EQ(problems_of("workloads: [{name: w, cgroup: /x, rules: [{name: r, when: {pids: '> 5'}, do: [restart]}]}]"),
            "1:79 " + at + ": only containers and commands can be restarted in this version");
}

TEST(Actions, AreRefusedWhereTheHandsCannotReach) {
  const auto action = [](const std::string& target, const std::string& text) {
    return problems_of("workloads: [{name: w, " + target + ", rules: [{name: r, when: {pids: '> 5'}, do: [" + text +
                       "]}]}]");
  };
  const std::string no_process =
      "only containers, commands and processes with a pid_file can be signalled in this version";
  EXPECT_NE(action("systemd_unit: a.service", "stop").find(no_process), std::string::npos);
  EXPECT_NE(action("cgroup: /a", "{signal: {name: HUP}}").find(no_process), std::string::npos);
  EXPECT_EQ(action("pid_file: /a.pid", "stop, {signal: {name: HUP}}"), "");
  EXPECT_NE(action("pid_file: /a.pid", "restart"), "");
  EXPECT_NE(action("pid_file: /a.pid", "{reclaim: {amount: 1m}}"), "");
  EXPECT_EQ(action("cgroup: /a", "{reclaim: {amount: 1m}}, notify"), "");
  EXPECT_EQ(action("command: [a]", "restart, stop, {signal: {name: HUP}}"), "");
}

TEST(Thresholds, ThatCannotBeMeantAreCorrected) {
  EXPECT_EQ(when("memory: '> 85'"), "1:84 workloads[0].rules[0].when.memory: 85 bytes; write 85% or 85m");
  EXPECT_EQ(when("memory: '> 700'"), "1:84 workloads[0].rules[0].when.memory: 700 bytes; write 700m");
  EXPECT_EQ(when("memory_growth: '> 50'"),
            "1:91 workloads[0].rules[0].when.memory_growth: 50 bytes an hour; write 50m");
  EXPECT_EQ(when("cpu: '> 95'"),
            "1:81 workloads[0].rules[0].when.cpu: 95 CPU cores; write 0.95 for 95% of a core, or 95.0 if cores are "
            "meant; of caps.cpus, write for example '> 95%'");
  for (const char* right : {"memory: '> 85m'", "memory: '> 1048576'", "memory: '> 85%'", "memory_growth: '> 50m/h'",
                            "cpu: '> 95.0'", "cpu: '> 0.95'"})
    EXPECT_EQ(when(right), "") << right;
}

TEST(Thresholds, ThatAreSharesWithoutTheirPerCentAreCorrected) {
  const auto says = [](const std::string& condition, const std::string& message) {
    EXPECT_NE(when(condition).find(message), std::string::npos) << condition << ": " << when(condition);
  };
  says("memory: '> 0.85'", "0.85 bytes; write 85%");
  says("memory: '> 85.5'", "85.5 bytes; write 85.5% or 85.5m");
  says("memory_working_set: '> 0.9'", "0.9 bytes; write 90%");
  says("memory: '> 0.85%'", "0.85% is less than 1%; write 85%");
  says("memory: '> 85B'", "less than 1 KiB, so always true");
  says("cpu_throttled: '> 25'", "25 is more than 100%; write 25%");
  says("disk: '> 90'", "90 is more than 100%; write 90%");
  says("disk: '> 0.9%'", "0.9% is less than 1%; write 90%");
  says("cpu: '> 150'", "150 CPU cores; write 1.5 for 150% of a core");
  says("time_to_limit: '< 0s'", "can never be true");
  says("time_to_limit: '< 1000d'", "more than 366d");
  says("pids: '< 0'", "can never be true");
  for (const char* right : {"memory: '> 1k'", "memory: '> 1%'", "memory_pressure: '> 0.5%'", "cpu_throttled: '> 0.25'",
                            "disk: '> 0.9'", "cpu: '> 8'", "pids: '> 0'"})
    EXPECT_EQ(when(right), "") << right;
}

TEST(Thresholds, OfMemoryAboveTheCapAreRefused) {
  for (const char* metric : {"memory", "memory_working_set"}) {
    const auto capped = [&](const std::string& limit) {
      return with("caps: {memory: 700m}, rules: [{name: r, do: [notify], when: {" + std::string(metric) + ": '> " +
                  limit + "'}}]");
    };
    EXPECT_NE(capped("700m").find("can never be true: caps.memory is 700 MiB"), std::string::npos) << metric;
    EXPECT_EQ(capped("699m"), "") << metric;
  }
}

TEST(Thresholds, OfCpuAboveTheCapCanNeverBe) {
  const auto capped = [](const std::string& condition) {
    return with("caps: {cpus: 0.8}, rules: [{name: r, do: [notify], when: {" + condition + "}}]");
  };
  EXPECT_NE(capped("cpu: '> 0.8'").find("can never be true: caps.cpus is 0.8"), std::string::npos);
  EXPECT_EQ(capped("cpu: '> 0.79'"), "");
  EXPECT_EQ(capped("cpu: '< 0.8'"), "");
}

}  // namespace
}  // namespace guard::config

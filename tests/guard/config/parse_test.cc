#include <gtest/gtest.h>

#include "guard/config/config.h"

namespace guard::config {
namespace {

std::optional<std::string> test_environment(std::string_view name) {
  if (name == "SIZE") return "512m";
  if (name == "SECRET") return "hunter2";
  if (name == "BROKEN") return std::string("a\x01") + "b";
  return std::nullopt;
}

ConfigResult parse(const std::string& yaml) { return parse_config(yaml, "c.yml", test_environment); }

// All problems of a text, one a line: "line:column key: message".
std::string problems_of(const std::string& yaml) {
  const auto result = parse(yaml);
  EXPECT_EQ(result.config.has_value(), result.problems.empty());
  std::string text;
  for (const auto& problem : result.problems) {
    if (!text.empty()) text += "\n";
    text += std::to_string(problem.line) + ":" + std::to_string(problem.column) + " " + problem.key + ": " +
            problem.message;
  }
  return text;
}

// A workload "w" of container "c" with `more` in its flow map; what is in `more` begins in column 33.
std::string with(const std::string& more) { return problems_of("workloads: [{name: w, container: c, " + more + "}]"); }

// A rule with this condition for that workload; the condition's map begins in column 70.
std::string when(const std::string& condition) {
  return with("rules: [{name: r, do: [notify], when: {" + condition + "}}]");
}

TEST(ParseConfig, AnEmptyTextIsAllDefaults) {
  for (const auto* text : {"", "# nothing\n", "---\n", "agent:\nworkloads:\n"}) {
    const auto result = parse(text);
    ASSERT_TRUE(result.config) << text;
    EXPECT_EQ(result.config->agent.listen, (std::vector<std::string>{"127.0.0.1:10780"}));
    EXPECT_TRUE(result.config->workloads.empty());
  }
}

TEST(ParseConfig, NamesTheNearestKey) {
  EXPECT_EQ(problems_of("agnet: {}"), R"(1:1 agnet: there is no key "agnet" here; did you mean "agent"?)");
  EXPECT_EQ(with("cpas: {}"), R"(1:37 workloads[0].cpas: there is no key "cpas" here; did you mean "caps"?)");
}

TEST(ParseConfig, ListsTheKeysWhenNoneIsNear) {
  EXPECT_EQ(problems_of("engine: {endpoint: x}"),
            R"(1:10 engine.endpoint: there is no key "endpoint" here; there are: socket)");
}

TEST(ParseConfig, FindsAllProblemsInOrder) {
  EXPECT_EQ(problems_of("workloads:\n"
                        "  - name: w\n"
                        "    container: c\n"
                        "    caps:\n"
                        "      memory: lots\n"
                        "      pids: 0\n"
                        "agent:\n"
                        "  sample_interval: 5\n"
                        "  lisen: []\n"),
            "5:15 workloads[0].caps.memory: not a size: \"lots\"; write for example 700m, 512MiB, 1.5g or 1048576\n"
            "6:13 workloads[0].caps.pids: 0 is out of bounds: from 1 to 4194304\n"
            "8:20 agent.sample_interval: not a duration: \"5\"; write for example 30s, 5m, 1h30m or 250ms\n"
            "9:3 agent.lisen: there is no key \"lisen\" here; did you mean \"listen\"?");
}

TEST(ParseConfig, RefusesDuplicateKeys) {
  EXPECT_EQ(problems_of("engine: {socket: /a}\nengine: {socket: /b}\n"),
            "2:1 : the key \"engine\" stands here a second time, first in line 1");
}

TEST(ParseConfig, PlacesBrokenSyntax) {
  EXPECT_EQ(problems_of("agent: {listen: [a\n").substr(0, 22), "2:1 : not valid YAML: ");
  EXPECT_EQ(problems_of("agent: @x\n").substr(0, 22), "1:8 : not valid YAML: ");
}

TEST(ParseConfig, RefusesASecondDocument) {
  EXPECT_EQ(problems_of("agent: {}\n---\nagent: {}\n"),
            "2:1 : a second document begins here; a configuration is one document");
}

TEST(ParseConfig, RefusesControlBytesAndBrokenText) {
  EXPECT_EQ(problems_of(std::string("a: b\nc: \x04", 9)), "2:4 : the control byte 0x04 does not belong here");
  EXPECT_EQ(problems_of("a: \xff"), "1:4 : the byte 0xFF is not valid UTF-8");
  EXPECT_EQ(problems_of("a: \xed\xa0\x80"), "1:4 : the byte 0xED is not valid UTF-8") << "a surrogate";
}

TEST(ParseConfig, RefusesAWrongShape) {
  EXPECT_EQ(problems_of("agent: 5"), "1:8 agent: expected keys with values, found a single value");
  EXPECT_EQ(problems_of("[a]"), "1:1 : expected keys with values, found a list");
  EXPECT_EQ(problems_of("workloads: {name: w}"), "1:12 workloads: expected a list, found keys with values");
  EXPECT_EQ(with("caps: {memory: [1]}"), "1:52 workloads[0].caps.memory: expected a size such as 700m, found a list");
  EXPECT_EQ(problems_of("{[a]: b}"), "1:2 : a key must be plain text");
}

TEST(ParseConfig, TakesAliasesButNoBombs) {
  EXPECT_EQ(problems_of("workloads:\n  - {name: a, container: x, caps: &caps {memory: 700m}}\n"
                        "  - {name: b, container: y, caps: *caps}\n"),
            "");
  std::string bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int level = 1; level <= 8; ++level) {
    const auto before = "*a" + std::to_string(level - 1);
    bomb += "a" + std::to_string(level) + ": &a" + std::to_string(level) + " [" + before;
    for (int i = 0; i < 9; ++i) bomb.append(", ").append(before);
    bomb += "]\n";
  }
  EXPECT_NE(problems_of(bomb).find("aliases make the document too large"), std::string::npos);
  EXPECT_NE(problems_of("a: &a [*a]").find("not valid YAML"), problems_of("a: &a [*a]").find("stands within"));
}

TEST(ParseConfig, RefusesDepthAndSize) {
  EXPECT_EQ(problems_of(std::string(40, '[') + std::string(40, ']')), "1:33 : nested too deeply");
  EXPECT_EQ(problems_of("# " + std::string(1 << 20, 'x')), "0:0 : more than 1 MiB is not read");
}

TEST(ParseConfig, ShowsNoMoreProblemsThanItsBound) {
  std::string yaml = "notify:\n";
  for (int i = 0; i < 60; ++i) yaml += "  - {}\n";  // two problems each
  const auto result = parse(yaml);
  EXPECT_EQ(result.problems.size(), kMostProblems + 1);
  EXPECT_EQ(result.problems.back().message, "there are more problems, which are not shown");
}

TEST(Variables, ReplaceWhatStandsInBraces) {
  const auto result = parse("workloads: [{name: w, container: c, caps: {memory: '${SIZE}'}}]");
  ASSERT_TRUE(result.config);
  EXPECT_EQ(result.config->workloads[0].caps.memory, base::mebibytes(512));
}

TEST(Variables, MissingOnesAreProblems) {
  EXPECT_EQ(problems_of("engine: {socket: '${NOWHERE}/x'}"),
            "1:18 engine.socket: the environment variable NOWHERE is not set");
  EXPECT_EQ(problems_of("engine: {socket: '${NOWHERE'}"),
            "1:18 engine.socket: a ${ without its }; write $$ for a plain $");
  EXPECT_EQ(problems_of("engine: {socket: '${1x}'}"),
            "1:18 engine.socket: ${1x} names no variable; write $$ for a plain $");
}

TEST(Variables, AreNeverShown) {
  const auto text = with(
      "caps: {memory: '${SECRET}', cpus: '${SECRET}'}, rules: [{name: '${SECRET}!', do: ['${SECRET}'], "
      "when: {memory: '> ${SECRET}'}}], expect_log: [{name: '${SECRET} ', pattern: '(${SECRET}'}]");
  EXPECT_NE(text.find("not a size: \"${SECRET}\""), std::string::npos) << text;
  EXPECT_EQ(text.find("hunter2"), std::string::npos) << text;
}

TEST(Variables, MustBePlainText) {
  EXPECT_EQ(problems_of("engine: {socket: '${BROKEN}'}"),
            "1:18 engine.socket: the environment variable BROKEN is not plain text");
}

TEST(Agent, ChecksItsValues) {
  EXPECT_EQ(problems_of("agent: {sample_interval: 99ms}"),
            "1:26 agent.sample_interval: 99ms is out of bounds: from 100ms to 1m");
  EXPECT_EQ(problems_of("agent: {sample_interval: 100ms}"), "");
  EXPECT_EQ(problems_of("agent: {sample_interval: 1m}"), "");
  EXPECT_EQ(problems_of("agent: {listen: ['127.0.0.1']}"),
            "1:18 agent.listen: expected host:port, such as 127.0.0.1:10780 or [::1]:10780");
  EXPECT_NE(problems_of("agent: {listen: ['127.0.0.1:65536']}"), "");
  EXPECT_EQ(problems_of("agent: {listen: ['127.0.0.1:65535', ':0', '[::]:80']}"), "");
  EXPECT_NE(problems_of("agent: {listen: ['::1:80']}"), "") << "an IPv6 address stands in brackets";
  EXPECT_EQ(problems_of("agent: {listen: 127.0.0.1:80}"), "1:17 agent.listen: expected a list, found a single value");
  EXPECT_EQ(problems_of("agent: {dry_run: yes}"), "1:18 agent.dry_run: not a yes or no: \"yes\"; write true or false");
  EXPECT_EQ(problems_of("agent: {log: {level: loud}}"),
            "1:22 agent.log.level: expected one of: debug, info, warning, error");
  EXPECT_EQ(problems_of("agent: {state_dir: here}"),
            "1:20 agent.state_dir: expected an absolute path, such as /var/lib/leakguard");
  EXPECT_EQ(problems_of("agent: {state_dir: /a/../b}"), "1:20 agent.state_dir: a path with \"..\" is not taken");
}

TEST(Workload, NeedsANameAndExactlyOneTarget) {
  EXPECT_EQ(problems_of("workloads: [{container: c}]"), "1:13 workloads[0].name: a workload needs a name");
  EXPECT_EQ(problems_of("workloads: [{name: w}]"),
            "1:13 workloads[0]: what is the workload? name one of: container, compose, container_label, "
            "systemd_unit, cgroup, command, pid_file");
  EXPECT_EQ(with("cgroup: /x"), "1:45 workloads[0].cgroup: a workload is one thing only, and another is named already");
  EXPECT_EQ(problems_of("workloads: [{name: 'a b', container: c}]"),
            "1:20 workloads[0].name: a name has 1 to 63 letters, digits, '-', '_' or '.' and begins with a letter or "
            "digit");
}

TEST(Workload, RefusesTwins) {
  EXPECT_EQ(problems_of("workloads: [{name: w, container: a}, {name: w, container: b}]"),
            "1:45 workloads[1].name: another workload of this name is there already: c.yml:1");
}

TEST(Workload, ChecksEachTarget) {
  const auto target = [](const std::string& text) { return problems_of("workloads: [{name: w, " + text + "}]"); };
  EXPECT_EQ(target("compose: {project: p}"),
            "1:32 workloads[0].compose.service: compose needs a project and a service");
  EXPECT_EQ(target("container_label: x"), "1:40 workloads[0].container_label: expected label=value");
  EXPECT_EQ(target("systemd_unit: nginx"),
            "1:37 workloads[0].systemd_unit: expected a unit that has a cgroup, such as chatcore.service");
  EXPECT_EQ(target("cgroup: docker/x"),
            "1:31 workloads[0].cgroup: expected an absolute path, such as /var/lib/leakguard");
  EXPECT_EQ(target("command: []"),
            "1:32 workloads[0].command: expected a program and its arguments, such as [chatcore, serve]");
  EXPECT_EQ(target("command: chatcore serve"), "1:32 workloads[0].command: expected a list, found a single value");
}

TEST(Workload, TakesACommandsKeysOnlyForACommand) {
  EXPECT_EQ(with("user: root"), "1:43 workloads[0].user: user is only for a workload that is a command");
  EXPECT_EQ(problems_of("workloads: [{name: w, command: [a], backoff: {initial: 5m}}]"),
            "1:46 workloads[0].backoff.max: the longest pause must not be shorter than the first");
  EXPECT_EQ(
      problems_of("workloads: [{name: w, command: [a], stop: {signal: SIGFOO}}]"),
      "1:52 workloads[0].stop.signal: expected one of: HUP, INT, QUIT, USR1, USR2, TERM, KILL, STOP, CONT, WINCH");
  EXPECT_EQ(problems_of("workloads: [{name: w, command: [a], on_agent_stop: kill}]"),
            "1:52 workloads[0].on_agent_stop: expected one of: stop, leave");
}

TEST(Caps, StandInTheirOrder) {
  EXPECT_EQ(with("caps: {memory: 700m, memory_reservation: 700m}"), "");
  EXPECT_EQ(with("caps: {memory: 700m, memory_reservation: 701m}"),
            "1:78 workloads[0].caps.memory_reservation: memory_reservation must not be more than memory");
  EXPECT_EQ(with("caps: {memory: 700m, memory_high: 699m}"), "");
  EXPECT_EQ(with("caps: {memory: 700m, memory_high: 700m}"),
            "1:71 workloads[0].caps.memory_high: memory_high must be less than memory");
  EXPECT_EQ(with("caps: {memory_high: 700m}"),
            "1:57 workloads[0].caps.memory_high: memory_high needs memory beside it");
  EXPECT_EQ(with("caps: {memory: 5m}"),
            "1:52 workloads[0].caps.memory: 5 MiB is less than 6 MiB, the least there can be");
  EXPECT_EQ(with("caps: {memory: 6m}"), "");
  EXPECT_EQ(with("caps: {cpus: 0}"), "1:50 workloads[0].caps.cpus: out of bounds: from 0.01 to 4096 cores");
}

TEST(LogLine, IsChecked) {
  const auto line = [](const std::string& text) { return with("expect_log: [{name: l, " + text + "}]"); };
  EXPECT_EQ(line("pattern: x, every: 1s"), "");
  EXPECT_EQ(line("pattern: x, every: 0s"),
            "1:79 workloads[0].expect_log[0].every: 0s is out of bounds: from 1s to 366d");
  EXPECT_EQ(line("pattern: '(x'"),
            "1:69 workloads[0].expect_log[0].pattern: not a pattern that RE2 takes: missing ): (x");
  EXPECT_EQ(line("pattern: 'x*'"),
            "1:69 workloads[0].expect_log[0].pattern: this pattern matches every line, the empty one too");
  EXPECT_EQ(line("pattern: x, grace: 5m"),
            "1:79 workloads[0].expect_log[0].grace: grace is added to `every`, which is not there");
  EXPECT_EQ(line("every: 5m").substr(0, 44), "1:50 workloads[0].expect_log[0].pattern: whi");
  EXPECT_EQ(problems_of("workloads: [{name: w, cgroup: /x, expect_log: [{name: l, pattern: x}]}]"),
            "1:48 workloads[0].expect_log[0].file: only containers and commands have an output that can be followed: "
            "name the log's file");
  EXPECT_EQ(with("expect_log: [{name: l, pattern: x}, {name: l, pattern: y}]"),
            "1:80 workloads[0].expect_log[1].name: this workload has another log line of this name");
}

TEST(Watches, AreChecked) {
  EXPECT_EQ(with("restarts: {max: 0}"), "1:53 workloads[0].restarts.max: 0 is out of bounds: from 1 to 64");
  EXPECT_EQ(with("restarts: {max: 1, within: 1s}"), "");
  EXPECT_EQ(with("leak: {window: 9s}"), "1:52 workloads[0].leak.window: 9s is out of bounds: from 10s to 7d");
}

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
            "1:115 workloads[0].rules[0].when.memory: can never be: caps.memory is 700 MiB");
  EXPECT_EQ(capped("pids: '> 9'"), "1:113 workloads[0].rules[0].when.pids: can never be: caps.pids is 9");
  EXPECT_EQ(when("log_overdue: true"),
            "1:89 workloads[0].rules[0].when.log_overdue: no line of expect_log has `every`, so none is ever overdue");
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
  EXPECT_EQ(action("reboot"), "1:81 " + at + ": expected one of: notify, shed, reclaim, restart, stop, signal");
  EXPECT_EQ(action("{restrat: {}}"),
            "1:82 " + at + ".restrat: there is no key \"restrat\" here; did you mean \"restart\"?");
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

TEST(Caps, NeedACgroup) {
  EXPECT_EQ(problems_of("workloads: [{name: w, pid_file: /a.pid, caps: {pids: 5}}]"),
            "1:47 workloads[0].caps: caps are set on a cgroup, which a pid_file does not name");
}

TEST(Receiver, IsOneKindWithAnAddress) {
  EXPECT_EQ(problems_of("notify: [{name: r, webhook: {url: 'http://x'}}]"), "");
  EXPECT_EQ(problems_of("notify: [{name: r}]"), "1:10 notify[0]: a receiver is exactly one of: webhook, alertmanager");
  EXPECT_EQ(problems_of("notify: [{name: r, webhook: {}}]"),
            "1:29 notify[0].webhook.url: where is it? write for example url: http://127.0.0.1:9093");
  EXPECT_EQ(problems_of("notify: [{name: r, webhook: {url: 'http://x'}}, {name: r, webhook: {url: 'http://y'}}]"),
            "1:56 notify[1].name: another receiver is there already: c.yml:1");
}

}  // namespace
}  // namespace guard::config

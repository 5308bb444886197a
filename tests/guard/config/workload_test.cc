#include <gtest/gtest.h>

#include "tests/guard/config/problems.h"

namespace guard::config {
namespace {

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
            "1:32 workloads[0].compose.service: compose needs both; write for example compose: {project: shop, "
            "service: web}");
  EXPECT_EQ(target("container_label: x"), "1:40 workloads[0].container_label: expected label=value");
  EXPECT_NE(target("systemd_unit: web@.service").find("name an instance, such as web@1.service"), std::string::npos);
  EXPECT_NE(target("systemd_unit: 'web*.service'").find("patterns are not supported"), std::string::npos);
  EXPECT_EQ(target("systemd_unit: web@1.service"), "");
  EXPECT_EQ(
      target("systemd_unit: nginx"),
      "1:37 workloads[0].systemd_unit: expected the full name of a service, scope or slice, such as nginx.service");
  EXPECT_EQ(target("cgroup: docker/x"),
            "1:31 workloads[0].cgroup: expected an absolute path, such as /var/lib/leakguard");
  EXPECT_EQ(target("command: []"),
            "1:32 workloads[0].command: expected a program and its arguments, such as [chatcore, serve]");
  EXPECT_EQ(target("command: chatcore serve"),
            "1:32 workloads[0].command: expected a list, found a single value; write [chatcore, serve]");
}

TEST(Workload, TakesACommandsKeysOnlyForACommand) {
  EXPECT_EQ(with("user: root"), "1:43 workloads[0].user: user is only for a workload that is a command");
  EXPECT_EQ(problems_of("workloads: [{name: w, command: [a], backoff: {initial: 5m}}]"),
            "1:46 workloads[0].backoff.max: the longest pause must not be shorter than the first");
  EXPECT_EQ(
      problems_of("workloads: [{name: w, command: [a], stop: {signal: SIGFOO}}]"),
      "1:52 workloads[0].stop.signal: expected one of: HUP, INT, QUIT, USR1, USR2, TERM, KILL, STOP, CONT, WINCH");
}

TEST(Caps, StandInTheirOrder) {
  EXPECT_EQ(with("caps: {memory: 700m, memory_reservation: 700m}"), "");
  EXPECT_EQ(with("caps: {memory: 700m, memory_reservation: 701m}"),
            "1:78 workloads[0].caps.memory_reservation: memory_reservation must not be more than memory");
  EXPECT_EQ(with("caps: {memory: 700m, memory_high: 699m}"), "");
  EXPECT_EQ(with("caps: {memory: 700m, force: true}"), "");
  EXPECT_NE(with("caps: {memory: 700m, force: 7}"), "");
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

TEST(Caps, ThatCannotBeMeantAreCorrected) {
  EXPECT_NE(with("caps: {memory: 700}").find("caps.memory: 700 bytes; write 700m"), std::string::npos);
  EXPECT_NE(with("caps: {cpus: 80}").find("80 CPU cores; write 0.8 for 80% of a core"), std::string::npos);
  EXPECT_EQ(with("caps: {memory: 734003200, cpus: 80.0}"), "");
}

TEST(Cgroup, MayBeWrittenWithItsMount) {
  const auto selector = [](const std::string& path) {
    const auto result = parse("workloads: [{name: w, cgroup: '" + path + "'}]");
    return result.config ? result.config->workloads[0].target.selector : to_string(result.problems.at(0));
  };
  EXPECT_EQ(selector("/sys/fs/cgroup/memory/docker/abc"), "/docker/abc");
  EXPECT_EQ(selector("/sys/fs/cgroup/cpu,cpuacct/docker/abc"), "/docker/abc");
  EXPECT_EQ(selector("/sys/fs/cgroup/system.slice/web.service"), "/system.slice/web.service");
  EXPECT_EQ(selector("/sys/fs/cgroup/memory.slice/web.service"), "/memory.slice/web.service");
  EXPECT_EQ(selector("/sys/fs/cgroup/unified"), "/");
  EXPECT_EQ(selector("/docker/abc"), "/docker/abc");
}

// Lines are matched without their ends and colours: such a pattern would be overdue for ever, and its rules would act.
TEST(Pattern, ThatRequiresALineEndOrAnEscapeIsRefused) {
  const auto line = [](const std::string& pattern) {
    return with("expect_log: [{name: l, pattern: " + pattern + "}]");
  };
  for (const char* pattern : {R"("Cleaned up\n")", R"('Cleaned up \d+\n')", R"('Cleaned up\r$')",
                              R"('\x1b\[32mCleaned')", R"('\033\[0m')", R"('a\x00b')", R"("a\eb")"})
    EXPECT_NE(line(pattern).find("can never match"), std::string::npos) << pattern << line(pattern);
  EXPECT_NE(
      problems_of("workloads:\n  - name: w\n    container: w\n    expect_log:\n      - name: l\n        pattern: |\n"
                  "          Cleaned up\n")
          .find("can never match: it requires a line end"),
      std::string::npos);
  for (const char* pattern : {R"('Cleaned up \d+\r?$')", R"('Cleaned up[^\r\n]*$')", R"('Cleaned\n{0,1}')",
                              R"('Cleaned up(\r\n)?')", R"('a\\n')", R"('[]\n]x')", R"('a\tb')", R"('Cleaned|\n')"})
    EXPECT_EQ(line(pattern), "") << pattern;
}

TEST(Text, WithANulIsRefused) {
  EXPECT_NE(problems_of(R"(workloads: [{name: w, command: ["/bin/echo", "a\0b"]}])").find("NUL characters"),
            std::string::npos);
}

TEST(Pattern, OfAnotherLanguagesFormIsShownInRe2s) {
  const auto line = [](const std::string& pattern) {
    return with("expect_log: [{name: l, pattern: '" + pattern + "'}]");
  };
  EXPECT_NE(line(R"(Cleaned up (?<count>\d+))").find(R"(RE2 takes 'Cleaned up (?P<count>\d+)')"), std::string::npos);
  EXPECT_NE(line(R"(/Cleaned up \d+/i)").find(R"(RE2 takes '(?i)Cleaned up \d+')"), std::string::npos);
  EXPECT_NE(line("(?<=up )x").find("no look-ahead and look-behind"), std::string::npos);
  EXPECT_EQ(line("GET /health/"), "");
  EXPECT_EQ(line("/health/"), "");
}

}  // namespace
}  // namespace guard::config

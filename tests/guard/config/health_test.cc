#include <gtest/gtest.h>

#include "tests/guard/config/problems.h"

namespace guard::config {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// The problems of one probe; its own text begins in column 46.
std::string probe(const std::string& text) { return with("health: [{" + text + "}]"); }

TEST(HealthProbe, ReadsEveryKind) {
  const auto result = parse(
      "workloads: [{name: w, container: c, health: [\n"
      "  {name: web, http: 'http://127.0.0.1:8080/-/healthy', status: [200, 204], every: 20s, timeout: 3s, failures: 4,"
      " successes: 2, start_period: 30s},\n"
      "  {name: port, tcp: '[::1]:5432', every: 1s},\n"
      "  {name: script, command: [/usr/bin/pg_isready, -q]}]}]");
  ASSERT_TRUE(result.config);
  const auto& health = result.config->workloads[0].health;
  ASSERT_EQ(health.size(), 3u);
  EXPECT_EQ(
      health[0],
      (HealthProbeConfig{
          "web", "http://127.0.0.1:8080/-/healthy", {200, 204}, "", {}, seconds(20), seconds(3), 4, 2, seconds(30)}));
  EXPECT_EQ(health[1].tcp, "[::1]:5432");
  EXPECT_EQ(health[1].timeout, seconds(1)) << "the default is no longer than every";
  EXPECT_EQ(health[2].command, (std::vector<std::string>{"/usr/bin/pg_isready", "-q"}));
  EXPECT_EQ(health[2].every, seconds(10));
  EXPECT_EQ(health[2].failures, 3u);
}

TEST(HealthProbe, IsExactlyOneKind) {
  EXPECT_EQ(probe("name: p"), "1:46 workloads[0].health[0]: a health probe is exactly one of: http, tcp, command");
  EXPECT_EQ(probe("name: p, tcp: '127.0.0.1:1', http: 'http://x'"),
            "1:46 workloads[0].health[0]: a health probe is exactly one of: http, tcp, command");
}

TEST(HealthProbe, NeedsANameOfItsOwn) {
  EXPECT_EQ(probe("tcp: '127.0.0.1:1'"), "1:46 workloads[0].health[0].name: a health probe needs a name");
  EXPECT_EQ(with("health: [{name: p, tcp: '127.0.0.1:1'}, {name: p, tcp: '127.0.0.1:2'}]"),
            "1:84 workloads[0].health[1].name: this workload has another health probe of this name");
  EXPECT_NE(probe("name: 'true', tcp: '127.0.0.1:1'").find("taken for the word"), std::string::npos);
}

TEST(HealthProbe, RefusesAddressesThatCannotBeAsked) {
  EXPECT_EQ(probe("name: p, http: 'ftp://x'"),
            "1:62 workloads[0].health[0].http: expected an address such as http://127.0.0.1:8080/path");
  EXPECT_EQ(probe("name: p, http: 'http://127.0.0.1:99999/'"),
            "1:62 workloads[0].health[0].http: not an address that can be asked");
  EXPECT_EQ(probe("name: p, tcp: 'db:5432'"),
            "1:61 workloads[0].health[0].tcp: expected an address and a port, such as 127.0.0.1:5432 or [::1]:5432");
  EXPECT_EQ(probe("name: p, command: []"),
            "1:65 workloads[0].health[0].command: expected a program and its arguments, such as [/usr/bin/pg_isready, "
            "-q]");
  EXPECT_EQ(probe("name: p, command: pg_isready"),
            "1:65 workloads[0].health[0].command: expected a list, found a single value; write [pg_isready]");
}

TEST(HealthProbe, TimesOutBeforeTheNextOne) {
  EXPECT_EQ(probe("name: p, tcp: '127.0.0.1:1', every: 5s, timeout: 5s"), "");
  EXPECT_EQ(probe("name: p, tcp: '127.0.0.1:1', every: 5s, timeout: 6s"),
            "1:96 workloads[0].health[0].timeout: must not be longer than every, 5s");
  EXPECT_EQ(probe("name: p, tcp: '127.0.0.1:1', timeout: 11s"),
            "1:85 workloads[0].health[0].timeout: must not be longer than every, 10s");
  EXPECT_EQ(probe("name: p, tcp: '127.0.0.1:1', every: 999ms"),
            "1:83 workloads[0].health[0].every: 999ms is out of bounds: from 1s to 1h");
}

TEST(HealthProbe, CountsWithinBounds) {
  EXPECT_EQ(probe("name: p, tcp: '127.0.0.1:1', failures: 0"),
            "1:86 workloads[0].health[0].failures: 0 is out of bounds: from 1 to 100");
  EXPECT_EQ(probe("name: p, tcp: '127.0.0.1:1', successes: 101"),
            "1:87 workloads[0].health[0].successes: 101 is out of bounds: from 1 to 100");
  EXPECT_EQ(probe("name: p, http: 'http://x', status: [200, 42]"),
            "1:88 workloads[0].health[0].status: expected a status from 200 to 599");
  EXPECT_EQ(probe("name: p, tcp: '127.0.0.1:1', status: [200]"),
            "1:84 workloads[0].health[0].status: stands beside http only");
}

std::string probes(int from, int to) {
  std::string list;
  for (int i = from; i < to; ++i) list += "{name: p" + std::to_string(i) + ", tcp: '127.0.0.1:1'}, ";
  return "health: [" + list + "]";
}

TEST(HealthProbe, AreSixteenAWorkloadAtMost) {
  EXPECT_EQ(with(probes(0, 16)), "");
  EXPECT_EQ(with(probes(0, 17)), "1:45 workloads[0].health: at most 16 health probes a workload");
}

TEST(HealthProbe, AreBoundedInAll) {
  std::string text = "workloads:\n";
  const auto add = [&](int number, int count) {
    const auto name = "w" + std::to_string(number);
    text += "  - {name: " + name + ", container: " + name + ", " + probes(0, count) + "}\n";
  };
  for (int i = 0; i < 16; ++i) add(i, 16);
  EXPECT_EQ(problems_of(text), "");
  add(16, 1);
  EXPECT_NE(problems_of(text).find("more than 256 health probes in all"), std::string::npos);
}

TEST(Subject, IsAProbeThatThereIs) {
  const std::string health = "health: [{name: web, tcp: '127.0.0.1:1'}], rules: [{name: r, do: [notify], when: ";
  EXPECT_EQ(with(health + "{unhealthy: true}}]"), "");
  EXPECT_EQ(with(health + "{unhealthy: web}}]"), "");
  EXPECT_NE(with(health + "{unhealthy: wed}}]").find("there is no health probe of this name; there is: web"),
            std::string::npos);
  EXPECT_NE(with(health + "{unhealthy: false}}]").find("only true or a probe's name makes a condition"),
            std::string::npos);
  EXPECT_NE(with(health + "{unhealthy: true, clear: '< 1'}}]").find("unhealthy clears by itself"), std::string::npos);
  EXPECT_EQ(when("unhealthy: true"),
            "1:87 workloads[0].rules[0].when.unhealthy: this workload has no health probe: name one under `health`");
}

TEST(Subject, IsACaptureThatThereIs) {
  const auto value = [](const std::string& line, const std::string& condition) {
    return with("expect_log: [{name: cleanup, pattern: 'up (?P<count>\\d+)'" + line +
                "}], rules: [{name: r, do: [notify], when: {" + condition + "}}]");
  };
  const std::string every = ", every: 5m";
  EXPECT_EQ(value(every, "log_value: '> 5', log: cleanup, capture: count"), "");
  EXPECT_EQ(value(every, "log_value: '< -0.5', log: cleanup, capture: count, clear: '> 1'"), "");
  EXPECT_NE(
      value(every, "log_value: '> 5', log: cleanap, capture: count").find("no log line of this name; there is: cl"),
      std::string::npos);
  EXPECT_NE(value(every, "log_value: '> 5', log: cleanup, capture: cnt").find("no named group in its pattern of this"),
            std::string::npos);
  EXPECT_NE(value(every, "log_value: '> 5', log: cleanup").find("which number?"), std::string::npos);
  EXPECT_NE(value(every, "log_value: '> x', log: cleanup, capture: count").find("not a number: \"x\""),
            std::string::npos);
  EXPECT_NE(value("", "log_value: '> 5', log: cleanup, capture: count").find("needs `every`"), std::string::npos);
}

TEST(Subject, IsAMountThatIsLookedAt) {
  EXPECT_EQ(when("disk: '> 90%', for: 5m"), "");
  EXPECT_EQ(when("disk: '> 90%', mount: /"), "");
  EXPECT_EQ(when("disk: '> 90%', mount: /data"),
            "1:98 workloads[0].rules[0].when.mount: is not among host.mounts, /: add it there");
  EXPECT_EQ(problems_of("host: {mounts: []}\nworkloads: [{name: w, container: c, rules: [{name: r, do: [notify], when: "
                        "{disk: '> 90%'}}]}]"),
            "2:82 workloads[0].rules[0].when.disk: host.mounts is empty: name the mounts to look at there");
  EXPECT_NE(when("disk: '> 2g'"), "");
  EXPECT_EQ(when("pids: '> 5', mount: /"), "1:96 workloads[0].rules[0].when.mount: stands beside disk only");
}

TEST(Condition, ThatIsUnknownIsRefusedWithTheNearest) {
  EXPECT_NE(when("unhealty: true").find("when.unhealty: unknown key \"unhealty\"; did you mean \"unhealthy\"?"),
            std::string::npos);
}

}  // namespace
}  // namespace guard::config

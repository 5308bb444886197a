#include <gtest/gtest.h>

#include "tests/guard/config/problems.h"

namespace guard::config {
namespace {

TEST(ParseConfig, AnEmptyTextIsAllDefaults) {
  for (const auto* text : {"", "# nothing\n", "---\n", "agent:\nworkloads:\n"}) {
    const auto result = parse(text);
    ASSERT_TRUE(result.config) << text;
    EXPECT_EQ(result.config->agent.listen, (std::vector<std::string>{"127.0.0.1:10780"}));
    EXPECT_TRUE(result.config->workloads.empty());
  }
}

TEST(ParseConfig, NamesTheNearestKey) {
  EXPECT_EQ(problems_of("agnet: {}"), R"(1:1 agnet: unknown key "agnet"; did you mean "agent"?)");
  EXPECT_EQ(with("cpas: {}"), R"(1:37 workloads[0].cpas: unknown key "cpas"; did you mean "caps"?)");
}

TEST(ParseConfig, ListsTheKeysWhenNoneIsNear) {
  EXPECT_EQ(problems_of("engine: {endpoint: x}"),
            R"(1:10 engine.endpoint: unknown key "endpoint"; valid keys: socket)");
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
            "9:3 agent.lisen: unknown key \"lisen\"; did you mean \"listen\"?");
}

TEST(ParseConfig, RefusesDuplicateKeys) {
  EXPECT_EQ(problems_of("engine: {socket: /a}\nengine: {socket: /b}\n"),
            "2:1 : the key \"engine\" stands here a second time, first in line 1");
}

TEST(ParseConfig, PlacesBrokenSyntax) {
  EXPECT_EQ(problems_of("agent: {listen: [a\n").substr(0, 22), "2:1 : not valid YAML: ");
  EXPECT_EQ(problems_of("agent: @x\n").substr(0, 22), "1:8 : not valid YAML: ");
  EXPECT_NE(problems_of("agent:\n\tdry_run: true\n").find("indent with spaces, not with tabs"), std::string::npos);
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
  EXPECT_EQ(problems_of("workloads: {name: w}"),
            "1:12 workloads: expected a list, found keys with values; write each item on a line after a dash");
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
            "1:18 engine.socket: ${ without a closing }; write $$ for a literal $");
  EXPECT_EQ(problems_of("engine: {socket: '${1x}'}"),
            "1:18 engine.socket: ${1x} is not a valid variable name; write $$ for a literal $");
}

TEST(Variables, AreNeverShown) {
  const auto text = with(
      "caps: {memory: '${SECRET}', cpus: '${SECRET}'}, rules: [{name: '${SECRET}!', do: ['${SECRET}'], "
      "when: {memory: '> ${SECRET}'}}], expect_log: [{name: '${SECRET} ', pattern: '(${SECRET}'}]");
  EXPECT_NE(text.find("not a size: \"${SECRET}\""), std::string::npos) << text;
  EXPECT_EQ(text.find("hunter2"), std::string::npos) << text;
}

TEST(Variables, AreNamedWhereverAProblemWouldShowTheirValue) {
  const auto text = problems_of(
      "workloads: [{name: w, container: c, depends_on: ['${SECRET}'], health: [{name: '${SECRET}', tcp: '1.1.1.1:1'}], "
      "rules: [{name: r, do: [notify], when: {unhealthy: x}}]}]");
  EXPECT_NE(text.find("no workload is called \"${SECRET}\""), std::string::npos) << text;
  EXPECT_NE(text.find("there is: ${SECRET}"), std::string::npos) << text;
  EXPECT_EQ(text.find("hunter2"), std::string::npos) << text;
}

TEST(Variables, AreNamedWithinAWordToo) {
  const auto text = problems_of("workloads: [{name: w, container: c, depends_on: ['token${SECRET}x']}]");
  EXPECT_NE(text.find("\"token${SECRET}x\""), std::string::npos) << text;
  EXPECT_EQ(text.find("hunter2"), std::string::npos) << text;
}

TEST(Variables, MustBePlainText) {
  EXPECT_EQ(problems_of("engine: {socket: '${BROKEN}'}"),
            "1:18 engine.socket: the environment variable BROKEN contains control characters or invalid UTF-8");
}

TEST(Agent, ListensOnWhatTheServerTakes) {
  for (const char* address : {"localhost:10997", "127.0.0.1:0", "[::1]:10780"})
    EXPECT_EQ(problems_of("agent: {listen: ['" + std::string(address) + "']}"), "") << address;
  for (const char* address : {"myhost:10997", "127.0.0.1:", "127.0.0.1", "::1:10780", "[::1]:99999", "1.2.3:80"})
    EXPECT_NE(problems_of("agent: {listen: ['" + std::string(address) + "']}"), "") << address;
}

TEST(Agent, ListensWhereOtherMachinesConnectOnlyWhenAllowed) {
  for (const char* address : {":10780", "0.0.0.0:1", "[::]:80", "192.0.2.1:80", "126.0.0.1:80", "[::2]:80"}) {
    const std::string agent = "agent: {listen: ['" + std::string(address) + "']}\n";
    EXPECT_EQ(problems_of(agent),
              "1:18 agent.listen: other machines can reach this address, and there is neither TLS nor a password; set "
              "agent.web_config_file, listen on 127.0.0.1:10780, or set web.allow_insecure to true where everyone may "
              "read the status");
    EXPECT_EQ(problems_of(agent + "web: {allow_insecure: true}"), "") << address;
    EXPECT_NE(problems_of(agent + "web: {allow_insecure: false}"), "") << address;
  }
  EXPECT_EQ(problems_of("agent: {listen: ['127.9.9.9:1', '[::ffff:127.0.0.1]:1']}"), "");
}

TEST(Web, TakesBareNamesAsHosts) {
  EXPECT_EQ(problems_of("web: {allowed_hosts: [guard.example.org, '::1', 192.0.2.1]}"), "");
  EXPECT_EQ(problems_of("web: {allowed_hosts: ['http://guard']}"),
            "1:23 web.allowed_hosts: expected a bare name or address, such as guard.example.org: leave out the "
            "scheme, port, brackets and wildcards");
  for (const char* wrong : {"guard:10780", "*.example.org", "[::1]", "", "a b"})
    EXPECT_NE(problems_of("web: {allowed_hosts: ['" + std::string(wrong) + "']}"), "") << wrong;
}

TEST(Agent, ChecksItsValues) {
  EXPECT_EQ(problems_of("agent: {sample_interval: 99ms}"),
            "1:26 agent.sample_interval: 99ms is out of bounds: from 100ms to 1m");
  EXPECT_EQ(problems_of("agent: {sample_interval: 100ms}"), "");
  EXPECT_EQ(problems_of("agent: {sample_interval: 1m}"), "");
  // The second would be refused when the agent starts.
  for (const char* both : {"'127.0.0.1:80', '127.0.0.1:80'", "'127.0.0.1:80', 'localhost:80'",
                           "'0.0.0.0:80', '127.0.0.1:80'", "'[::1]:80', '[::]:80'"})
    EXPECT_NE(problems_of("web: {allow_insecure: true}\nagent: {listen: [" + std::string(both) + "]}")
                  .find("has the same port and includes this one"),
              std::string::npos)
        << both;
  for (const char* apart : {"'127.0.0.1:80', '127.0.0.1:81'", "'127.0.0.1:80', '127.0.0.2:80'",
                            "'127.0.0.1:80', '[::1]:80'", "'127.0.0.1:0', '127.0.0.1:0'"})
    EXPECT_EQ(problems_of("agent: {listen: [" + std::string(apart) + "]}"), "") << apart;
  EXPECT_EQ(problems_of("agent: {listen: ['127.0.0.1']}"),
            "1:18 agent.listen: expected host:port, such as 127.0.0.1:10780 or [::1]:10780");
  EXPECT_NE(problems_of("agent: {listen: ['127.0.0.1:65536']}"), "");
  EXPECT_EQ(problems_of("agent: {listen: ['127.0.0.1:65535', '[::1]:80']}"), "");
  EXPECT_NE(problems_of("agent: {listen: ['::1:80']}"), "") << "an IPv6 address stands in brackets";
  EXPECT_EQ(problems_of("agent: {listen: 127.0.0.1:80}"),
            "1:17 agent.listen: expected a list, found a single value; write [127.0.0.1:80]");
  EXPECT_EQ(problems_of("agent: {dry_run: yes}"), "1:18 agent.dry_run: not a yes or no: \"yes\"; write true or false");
  EXPECT_EQ(problems_of("agent: {log: {level: loud}}"),
            "1:22 agent.log.level: expected one of: debug, info, warning, error");
  EXPECT_EQ(problems_of("agent: {state_dir: here}"),
            "1:20 agent.state_dir: expected an absolute path, such as /var/lib/leakguard");
  EXPECT_EQ(problems_of("agent: {state_dir: /a/../b}"), "1:20 agent.state_dir: a path with \"..\" is not taken");
}

TEST(History, HasRoomForSomethingOrIsOff) {
  EXPECT_EQ(problems_of("agent: {history: {max_size: 1023k}}"),
            "1:29 agent.history.max_size: at least 1MiB, or 0 to keep no history");
  EXPECT_EQ(problems_of("agent: {history: {max_size: 1MiB, keep: 1h}}"), "");
  EXPECT_EQ(problems_of("agent: {history: {max_size: 0}}"), "");
  EXPECT_NE(problems_of("agent: {history: {keep: 59m}}"), "");
  EXPECT_NE(problems_of("agent: {history: {max_age: 1d}}"), "");
}

}  // namespace
}  // namespace guard::config

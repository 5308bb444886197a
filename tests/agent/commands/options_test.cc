#include "agent/commands/options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace agent {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

using Words = std::vector<std::string>;

template <class Options>
Options parsed(const Words& words) {
  const auto invocation = parse_command_line(words);
  EXPECT_TRUE(invocation) << (invocation ? "" : invocation.error().message);
  if (!invocation || !std::holds_alternative<Options>(*invocation)) {
    ADD_FAILURE() << "another command was understood";
    return {};
  }
  return std::get<Options>(*invocation);
}

std::string refusal(const Words& words) {
  const auto invocation = parse_command_line(words);
  if (invocation) return "it was taken";
  EXPECT_EQ(invocation.error().code, base::Code::invalid_argument);
  return invocation.error().message;
}

TEST(Run, NeedsNoOption) {
  const auto options = parsed<RunOptions>({"run"});
  EXPECT_EQ(options.config, "");
  EXPECT_FALSE(options.dry_run);
}

TEST(Run, TakesAConfigurationAndADryRun) {
  const auto options = parsed<RunOptions>({"run", "--config", "a.yml", "--dry-run"});
  EXPECT_EQ(options.config, "a.yml");
  EXPECT_TRUE(options.dry_run);
  EXPECT_EQ(parsed<RunOptions>({"run", "-c", "b.yml"}).config, "b.yml");
}

TEST(Run, RefusesAnArgument) { EXPECT_THAT(refusal({"run", "web"}), HasSubstr("see leakguard run --help")); }

TEST(Exec, TakesTheCommandAfterTwoDashesAsItIs) {
  const auto options = parsed<ExecOptions>({"exec", "--", "/usr/bin/server", "--memory", "1", "--", "x"});
  EXPECT_THAT(options.command, ElementsAre("/usr/bin/server", "--memory", "1", "--", "x"));
  EXPECT_EQ(options.name, "server");
  EXPECT_TRUE(options.caps.empty());
}

TEST(Exec, HasDefaultsForAContainersPid1) {
  const auto options = parsed<ExecOptions>({"exec", "--", "server"});
  EXPECT_EQ(options.restart, RestartPolicy::on_failure);
  EXPECT_EQ(options.stop_timeout, seconds(30));
  EXPECT_EQ(options.grace, minutes(5));
  EXPECT_EQ(options.listen, "127.0.0.1:10780");
  EXPECT_FALSE(options.every);
  EXPECT_FALSE(options.dry_run);
}

TEST(Exec, TakesEveryFlag) {
  const auto options = parsed<ExecOptions>({"exec",         "--name",
                                            "web",          "--memory",
                                            "700m",         "--memory-reservation",
                                            "512m",         "--memory-high",
                                            "640m",         "--cpus",
                                            "0.8",          "--pids",
                                            "512",          "--expect-log",
                                            "Cleaned up",   "--every",
                                            "30m",          "--grace",
                                            "1m",           "--restart",
                                            "always",       "--stop-timeout",
                                            "5s",           "--listen",
                                            "0.0.0.0:9000", "--allow-insecure",
                                            "--dry-run",    "--",
                                            "server"});
  EXPECT_EQ(options.name, "web");
  EXPECT_EQ(options.caps.memory, base::mebibytes(700));
  EXPECT_EQ(options.caps.memory_reservation, base::mebibytes(512));
  EXPECT_EQ(options.caps.memory_high, base::mebibytes(640));
  EXPECT_EQ(options.caps.cpus, base::Cores{0.8});
  EXPECT_EQ(options.caps.pids, 512);
  EXPECT_EQ(options.expect_log, "Cleaned up");
  EXPECT_EQ(options.every, base::Duration(minutes(30)));
  EXPECT_EQ(options.grace, minutes(1));
  EXPECT_EQ(options.restart, RestartPolicy::always);
  EXPECT_EQ(options.stop_timeout, seconds(5));
  EXPECT_EQ(options.listen, "0.0.0.0:9000");
  EXPECT_TRUE(options.dry_run);
}

TEST(Exec, KnowsThreeRestartPolicies) {
  EXPECT_EQ(parsed<ExecOptions>({"exec", "--restart", "no", "--", "x"}).restart, RestartPolicy::never);
  EXPECT_EQ(parsed<ExecOptions>({"exec", "--restart", "on-failure", "--", "x"}).restart, RestartPolicy::on_failure);
  EXPECT_THAT(refusal({"exec", "--restart", "sometimes", "--", "x"}),
              AllOf(HasSubstr("--restart: 'sometimes' is none of no, on-failure, always"),
                    HasSubstr("see leakguard exec --help")));
}

TEST(Exec, HasNoPageWhenListenIsOff) {
  EXPECT_EQ(parsed<ExecOptions>({"exec", "--listen", "off", "--", "x"}).listen, "");
}

TEST(Exec, ListensWhereOtherMachinesConnectOnlyWhenTold) {
  for (const char* address : {"0.0.0.0:9000", ":9000", "192.0.2.1:9000", "[::]:9000"}) {
    EXPECT_THAT(refusal({"exec", "--listen", address, "--", "x"}),
                AllOf(HasSubstr("--listen: other machines can reach this address"), HasSubstr("--allow-insecure")));
    EXPECT_TRUE(parsed<ExecOptions>({"exec", "--allow-insecure", "--listen", address, "--", "x"}).allow_insecure);
  }
  for (const char* address : {"127.0.0.2:9000", "[::1]:9000", "localhost:9000"})
    EXPECT_EQ(parsed<ExecOptions>({"exec", "--listen", address, "--", "x"}).listen, address);
}

TEST(Exec, WantsACommand) {
  EXPECT_THAT(refusal({"exec"}), HasSubstr("no command: write it last"));
  EXPECT_THAT(refusal({"exec", "--memory", "1g", "--"}), HasSubstr("no command: write it last"));
}

TEST(Exec, NamesTheFlagWhoseValueIsWrong) {
  for (const char* flag :
       {"memory", "memory-reservation", "memory-high", "cpus", "pids", "every", "grace", "stop-timeout", "restart"}) {
    const std::string dashed = std::string("--") + flag;
    EXPECT_THAT(refusal({"exec", "--expect-log", "x", dashed, "nonsense", "--", "x"}),
                AllOf(HasSubstr(dashed + ": "), HasSubstr("nonsense"), HasSubstr("see leakguard exec --help")));
  }
}

TEST(Exec, AllowsOneProcessAtLeast) {
  EXPECT_EQ(parsed<ExecOptions>({"exec", "--pids", "1", "--", "x"}).caps.pids, 1);
  EXPECT_THAT(refusal({"exec", "--pids", "0", "--", "x"}), HasSubstr("not a count of processes"));
  EXPECT_THAT(refusal({"exec", "--pids", "5x", "--", "x"}), HasSubstr("not a count of processes"));
}

TEST(Exec, RefusesAnIntervalOfNoLine) {
  EXPECT_THAT(refusal({"exec", "--every", "30m", "--", "x"}), HasSubstr("--expect-log names no line"));
}

TEST(CheckConfig, TakesOneFileOrNone) {
  EXPECT_EQ(parsed<CheckConfigOptions>({"check-config"}).file, "");
  EXPECT_EQ(parsed<CheckConfigOptions>({"check-config", "a.yml"}).file, "a.yml");
  EXPECT_THAT(refusal({"check-config", "a.yml", "b.yml"}), HasSubstr("see leakguard check-config --help"));
}

TEST(Status, TakesAWorkloadAnAddressAndJson) {
  const auto all = parsed<StatusOptions>({"status"});
  EXPECT_EQ(all.address, "") << "that of the configuration";
  EXPECT_EQ(all.workload, "");
  EXPECT_FALSE(all.json);
  const auto one = parsed<StatusOptions>({"status", "--json", "--address", "127.0.0.1:9", "web"});
  EXPECT_EQ(one.address, "127.0.0.1:9");
  EXPECT_EQ(one.workload, "web");
  EXPECT_TRUE(one.json);
}

TEST(HistoryExport, TakesTimesAsPeopleWriteThem) {
  const auto all = parsed<HistoryExportOptions>({"history", "export"});
  EXPECT_FALSE(all.since || all.until || all.jsonl || all.actions);
  EXPECT_EQ(all.workload, "");
  const auto one = parsed<HistoryExportOptions>(
      {"history", "export", "--since", "2h", "--until", "2026-01-02T03:04:05Z", "--format", "jsonl", "web"});
  const base::WallTime now{std::chrono::hours(1000)};
  EXPECT_EQ(one.since->from(now), base::WallTime(std::chrono::hours(998)));
  EXPECT_EQ(one.until->from(now), base::WallTime(std::chrono::seconds(1767323045)));
  EXPECT_TRUE(one.jsonl);
  EXPECT_EQ(one.workload, "web");
  EXPECT_EQ(parsed<HistoryExportOptions>({"history", "export", "--since", "1767323045.5"}).since->from(now),
            base::WallTime(std::chrono::milliseconds(1767323045500)));
}

TEST(HistoryExport, RefusesWhatItCannotDo) {
  EXPECT_THAT(refusal({"history"}), HasSubstr("history export"));
  EXPECT_THAT(refusal({"history", "import"}), HasSubstr("leakguard history --help"));
  EXPECT_THAT(refusal({"history", "export", "--since", "yesterday"}), AllOf(HasSubstr("'yesterday'"), HasSubstr("2h")));
  EXPECT_THAT(refusal({"history", "export", "--since", "1e300"}), HasSubstr("is not a time"));
  EXPECT_THAT(refusal({"history", "export", "--since=-9e9"}), HasSubstr("is not a time"));
  EXPECT_THAT(refusal({"history", "export", "--format", "xml"}), HasSubstr("neither csv nor jsonl"));
  EXPECT_THAT(refusal({"history", "export", "--actions", "--format", "csv"}), HasSubstr("jsonl only"));
  EXPECT_THAT(refusal({"history", "export", "--config", "a", "--state-dir", "b"}), HasSubstr("give one"));
  EXPECT_THAT(refusal({"history", "export", "web", "db"}), HasSubstr("leakguard history --help"));
}

TEST(CommandLine, RefusesAFlagThatThereIsNot) {
  for (const char* command : {"run", "check-config", "status"}) {
    EXPECT_THAT(refusal({command, "--colour"}),
                AllOf(HasSubstr("--colour"), HasSubstr(std::string("see leakguard ") + command + " --help")));
  }
  EXPECT_THAT(refusal({"exec", "--colour", "--", "x"}), HasSubstr("--colour"));
}

TEST(CommandLine, RefusesAFlagWithoutItsValue) { EXPECT_THAT(refusal({"run", "--config"}), HasSubstr("--config")); }

TEST(CommandLine, NamesTheCommandThatThereIsNot) {
  EXPECT_THAT(refusal({"rum"}), AllOf(HasSubstr("unknown command 'rum'"), HasSubstr("see leakguard --help")));
  EXPECT_THAT(refusal({"stauts"}), HasSubstr("did you mean status?"));
  EXPECT_THAT(refusal({"status", "--adress", "x"}), HasSubstr("unknown option '--adress'; did you mean --address?"));
  EXPECT_THAT(refusal({"exec", "--frobnicate", "--", "true"}), Not(HasSubstr("did you mean")));
  EXPECT_THAT(refusal({}), HasSubstr("no command given"));
}

TEST(CommandLine, HelpsWithEveryCommand) {
  for (const char* command : {"run", "exec", "check-config", "status", "analyze", "history", "replay", "drill"}) {
    EXPECT_THAT(parsed<ShowText>({command, "--help"}).text, HasSubstr(std::string("usage: leakguard ") + command));
    EXPECT_THAT(parsed<ShowText>({"--help"}).text, HasSubstr(std::string("leakguard ") + command));
  }
}

TEST(CommandLine, SaysItsVersion) { EXPECT_THAT(parsed<ShowText>({"--version"}).text, HasSubstr("leakguard ")); }

TEST(Replay, TakesARecordingAndAConfiguration) {
  const auto replay = parsed<ReplayOptions>({"replay", "--config", "a.yml", "usage.csv", "--workload", "web", "--limit",
                                             "700m", "--run-column", "id", "--html", "x.html", "--json"});
  EXPECT_EQ(replay.history, "usage.csv");
  EXPECT_EQ(replay.config, "a.yml");
  EXPECT_EQ(replay.workload, "web");
  EXPECT_EQ(replay.limit, base::mebibytes(700));
  EXPECT_EQ(replay.columns.limit, base::mebibytes(700));
  EXPECT_EQ(replay.columns.run, "id");
  EXPECT_EQ(replay.html, "x.html");
  EXPECT_TRUE(replay.json);
  EXPECT_FALSE(parse_command_line({"replay", "--config", "a.yml"}));
  EXPECT_FALSE(parse_command_line({"replay", "x.csv", "--limit", "much"}));
  EXPECT_THAT(refusal({"analyze", "x.csv", "--limit", "700"}), HasSubstr("700 bytes; write 700m"));
}

TEST(Drill, TouchNothingUnlessTheySaySo) {
  const auto drill = parsed<DrillOptions>({"drill", "leak", "--workload", "web", "--at", "2026-01-05T12:00:00Z"});
  EXPECT_EQ(drill.name, "leak");
  EXPECT_EQ(drill.workload, "web");
  EXPECT_EQ(drill.at, 1767614400);
  EXPECT_FALSE(drill.real);
  EXPECT_FALSE(drill.json);
  EXPECT_TRUE(parsed<DrillOptions>({"drill", "leak", "--real"}).real);
  EXPECT_EQ(parsed<DrillOptions>({"drill"}).name, "");
  EXPECT_FALSE(parse_command_line({"drill", "leak", "--at", "noon"}));
  EXPECT_FALSE(parse_command_line({"drill", "leak", "oom-kill"}));
}

TEST(TryPattern, TakesAFileOrAContainer) {
  const auto file = parsed<TryPatternOptions>({"try-pattern", "Cleaned", "app.log", "--json"});
  EXPECT_EQ(file.pattern, "Cleaned");
  EXPECT_EQ(file.file, "app.log");
  EXPECT_TRUE(file.json);
  const auto container = parsed<TryPatternOptions>({"try-pattern", "--container", "web", "-c", "a.yml", "Cleaned"});
  EXPECT_EQ(container.container, "web");
  EXPECT_EQ(container.config, "a.yml");
  EXPECT_EQ(parsed<TryPatternOptions>({"try-pattern", "Cleaned", "-"}).file, "-");
}

TEST(TryPattern, NeedsAPatternAndExactlyOneLog) {
  EXPECT_THAT(refusal({"try-pattern"}), HasSubstr("no pattern"));
  EXPECT_THAT(refusal({"try-pattern", "x"}), HasSubstr("give one log"));
  EXPECT_THAT(refusal({"try-pattern", "x", "app.log", "--container", "web"}), HasSubstr("give one log"));
}

TEST(Exec, TakesTheCommandWithoutDashes) {
  const auto options = parsed<ExecOptions>(
      {"exec", "--memory", "700m", "--cpus=0.8", "--dry-run", "server", "--memory", "1", "--", "x"});
  EXPECT_THAT(options.command, ElementsAre("server", "--memory", "1", "--", "x"));
  EXPECT_EQ(options.caps.memory, base::mebibytes(700));
  EXPECT_TRUE(options.dry_run);
  EXPECT_THAT(parsed<ExecOptions>({"exec", "server"}).command, ElementsAre("server"));
}

TEST(Exec, RefusesWhatCannotBeMeant) {
  EXPECT_THAT(refusal({"exec", "--memory", "700", "server"}), HasSubstr("--memory: 700 bytes; write 700m"));
  EXPECT_THAT(refusal({"exec", "--memory", "5m", "server"}), HasSubstr("less than 6 MiB"));
  EXPECT_THAT(refusal({"exec", "--cpus", "80", "server"}), HasSubstr("80 CPU cores; write 0.8"));
  EXPECT_THAT(refusal({"exec", "--listen", "myhost:80", "server"}), HasSubstr("not an address to listen on"));
  EXPECT_EQ(parsed<ExecOptions>({"exec", "--listen", "localhost:80", "server"}).listen, "localhost:80");
}

TEST(Configuration, IsNamedAlikeEverywhere) {
  EXPECT_EQ(parsed<CheckConfigOptions>({"check-config", "-c", "a.yml"}).file, "a.yml");
  EXPECT_EQ(parsed<CheckConfigOptions>({"check-config", "--config", "a.yml"}).file, "a.yml");
  EXPECT_EQ(parsed<StatusOptions>({"status", "-c", "a.yml", "web"}).config, "a.yml");
  EXPECT_THAT(refusal({"check-config", "-c", "a.yml", "b.yml"}), HasSubstr("give one"));
  EXPECT_THAT(refusal({"status", "-c", "a.yml", "--address", "127.0.0.1:1"}), HasSubstr("give one"));
}

}  // namespace
}  // namespace agent

#include <gtest/gtest.h>

#include "guard/config/config.h"

namespace guard::config {
namespace {

using base::mebibytes;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

std::optional<std::string> test_environment(std::string_view name) {
  if (name == "STATE_DIR") return "/srv";
  if (name == "LLM_KEY") return "sk-secret";
  return std::nullopt;
}

Config load_whole() {
  const auto result = load_config(FIXTURES "/config/whole/leakguard.yml", test_environment);
  for (const auto& problem : result.problems) ADD_FAILURE() << to_string(problem);
  return result.config.value_or(Config{});
}

const WorkloadConfig& workload_of(const Config& config, std::string_view name) {
  for (const auto& workload : config.workloads) {
    if (workload.name == name) return workload;
  }
  ADD_FAILURE() << "no workload " << name;
  return config.workloads.front();
}

const policy::Rule& rule_of(const Config& config, std::string_view name) {
  const auto& rules = workload_of(config, "web").rules;
  for (const auto& rule : rules) {
    if (rule.name == name) return rule;
  }
  ADD_FAILURE() << "no rule " << name;
  return rules.front();
}

TEST(LoadConfig, ReadsTheAgentsSection) {
  const auto config = load_whole();
  EXPECT_EQ(config.agent.listen, (std::vector<std::string>{"127.0.0.1:10780", "[::1]:10780"}));
  EXPECT_EQ(config.agent.state_dir, "/srv/leakguard");
  EXPECT_EQ(config.agent.sample_interval, base::Duration(milliseconds(500)));
  EXPECT_TRUE(config.agent.dry_run);
  EXPECT_EQ(config.agent.log_level, base::LogLevel::debug);
  EXPECT_EQ(config.agent.log_format, base::LogFormat::json);
  EXPECT_TRUE(config.web.allow_insecure);
  EXPECT_EQ(config.web.allowed_hosts, (std::vector<std::string>{"guard.example.org"}));
  EXPECT_EQ(config.engine.socket, "/run/podman/podman.sock");
  EXPECT_EQ(config.host.mounts, (std::vector<std::string>{"/", "/var"}));
}

TEST(LoadConfig, AppendsTheFragmentsInLexicalOrder) {
  std::vector<std::string> names;
  const auto config = load_whole();
  for (const auto& workload : config.workloads) names.push_back(workload.name);
  EXPECT_EQ(names, (std::vector<std::string>{"web", "shop", "labelled", "unit", "group", "process", "chat"}));
  ASSERT_EQ(config.notify.size(), 2U);
  EXPECT_EQ(config.notify[0].kind, ReceiverKind::alertmanager);
  EXPECT_EQ(config.notify[1].kind, ReceiverKind::webhook);
  EXPECT_EQ(config.notify[1].url, "https://example.org/hook");
  EXPECT_EQ(config.notify[1].bearer_token_file, "/run/secrets/hook");
}

TEST(LoadConfig, ReadsEachKindOfTarget) {
  const auto config = load_whole();
  using sample::Target;
  using sample::TargetKind;
  const auto target = [&](std::string_view name) { return workload_of(config, name).target; };
  EXPECT_EQ(target("web"), (Target{TargetKind::container, "dadnovin", {}}));
  EXPECT_EQ(target("shop"), (Target{TargetKind::compose_service, "store/shop", {}}));
  EXPECT_EQ(target("labelled"), (Target{TargetKind::container_label, "leakguard.enable=true", {}}));
  EXPECT_EQ(target("unit"), (Target{TargetKind::systemd_unit, "nginx.service", {}}));
  EXPECT_EQ(target("group"), (Target{TargetKind::cgroup, "/system.slice/db.service", {}}));
  EXPECT_EQ(target("process"), (Target{TargetKind::pid_file, "/run/db.pid", {}}));
  EXPECT_EQ(target("chat"), (Target{TargetKind::command, "", {"chatcore", "serve", "--listen", "127.0.0.1:8080"}}));
}

TEST(LoadConfig, ReadsCaps) {
  const auto config = load_whole();
  sample::Caps caps;
  caps.memory = mebibytes(700);
  caps.memory_reservation = mebibytes(512);
  caps.memory_high = mebibytes(640);
  caps.cpus = base::Cores{0.8};
  caps.pids = 512;
  EXPECT_EQ(workload_of(config, "web").caps, caps);
  EXPECT_TRUE(workload_of(config, "shop").caps.empty());
}

TEST(LoadConfig, ReadsWhatIsWatched) {
  const auto config = load_whole();
  const auto& web = workload_of(config, "web");
  ASSERT_EQ(web.expect_log.size(), 2U);
  EXPECT_EQ(web.expect_log[0].pattern, "Cleaned up (?P<count>\\d+)");
  EXPECT_EQ(web.expect_log[0].every, base::Duration(minutes(30)));
  EXPECT_EQ(web.expect_log[1].pattern, "^ERROR .*$") << "a $ by itself stands for itself";
  EXPECT_EQ(web.expect_log[1].file, "/var/log/web.log");
  EXPECT_FALSE(web.expect_log[1].every);

  const auto settings = web.signal_settings();
  EXPECT_EQ(settings.growth_window, base::Duration(minutes(20)));
  EXPECT_EQ(settings.restarts.max, 5U);
  EXPECT_EQ(settings.restarts.within, base::Duration(minutes(15)));
  ASSERT_EQ(settings.logs.size(), 2U);
  EXPECT_EQ(settings.logs[0].name, "cleanup");
  EXPECT_EQ(settings.logs[0].grace, base::Duration(minutes(5)));
}

TEST(LoadConfig, ReadsACommand) {
  const auto config = load_whole();
  const auto& command = workload_of(config, "chat").command;
  using Variable = std::pair<std::string, std::string>;
  EXPECT_EQ(command.environment, (std::vector<Variable>{{"CHATCORE_LLM_KEY", "sk-secret"}, {"PRICE", "5$"}}));
  EXPECT_EQ(command.working_dir, "/var/lib/chatcore");
  EXPECT_EQ(command.user, "chatcore");
  EXPECT_EQ(command.backoff.initial, base::Duration(seconds(2)));
  EXPECT_EQ(command.backoff.max, base::Duration(seconds(30)));
  EXPECT_EQ(command.backoff.reset_after, base::Duration(minutes(10)));
  EXPECT_EQ(command.stop_signal, 2);
  EXPECT_EQ(command.stop_timeout, base::Duration(seconds(20)));
}

TEST(LoadConfig, CompilesConditions) {
  const auto config = load_whole();
  const auto expect = [&](std::string_view name, policy::Metric metric, policy::Comparison comparison, double value,
                          bool is_ratio) {
    const auto& rule = rule_of(config, name);
    EXPECT_EQ(rule.metric, metric) << name;
    EXPECT_EQ(rule.comparison, comparison) << name;
    EXPECT_DOUBLE_EQ(rule.trip.value, value) << name;
    EXPECT_EQ(rule.trip.is_ratio, is_ratio) << name;
  };
  using policy::Metric;
  constexpr auto kAbove = policy::Comparison::above;
  expect("shed", Metric::memory, kAbove, 0.85, true);
  expect("restart", Metric::time_to_limit, policy::Comparison::below, 600, false);
  expect("growth", Metric::memory_growth, kAbove, 36.0 * 1048576 / 3600, false);
  expect("busy", Metric::cpu, kAbove, 0.95, true);
  expect("cores", Metric::cpu, kAbove, 0.75, false);
  expect("throttled", Metric::cpu_throttled, kAbove, 0.25, true);
  expect("stalled", Metric::memory_pressure, kAbove, 0.1, true);
  expect("crowd", Metric::pids, kAbove, 400, false);
  expect("killed", Metric::oom_kills, kAbove, 0, false);
  expect("loop", Metric::restart_loop, kAbove, 0, false);
  expect("silent", Metric::log_overdue, kAbove, 0, false);
  EXPECT_EQ(rule_of(config, "shed").clear, (policy::Threshold{0.75, true}));
  EXPECT_FALSE(rule_of(config, "busy").clear);
}

TEST(LoadConfig, ReadsHoldsAndCooldowns) {
  const auto config = load_whole();
  EXPECT_EQ(rule_of(config, "shed").held_for, base::Duration(seconds(30)));
  EXPECT_EQ(rule_of(config, "shed").cooldown, base::Duration(minutes(5))) << "the default";
  EXPECT_EQ(rule_of(config, "restart").cooldown, base::Duration(std::chrono::hours(1)));
  EXPECT_EQ(rule_of(config, "growth").held_for, base::Duration::zero());
}

TEST(LoadConfig, ReadsActions) {
  const auto config = load_whole();
  const auto shed = std::get<policy::Shed>(rule_of(config, "shed").actions.at(0));
  EXPECT_EQ(shed.url, "http://127.0.0.1:8080/admin/shed");
  EXPECT_DOUBLE_EQ(shed.target.value, 0.6);
  EXPECT_EQ(shed.token_file, "/run/secrets/shed");
  const auto& both = rule_of(config, "restart").actions;
  ASSERT_EQ(both.size(), 2U);
  EXPECT_TRUE(std::holds_alternative<policy::Notify>(both[0]));
  EXPECT_EQ(std::get<policy::Restart>(both[1]).drain, base::Duration(seconds(45)));
  EXPECT_EQ(std::get<policy::Reclaim>(rule_of(config, "growth").actions.at(0)).amount, mebibytes(64));
  EXPECT_EQ(std::get<policy::Signal>(rule_of(config, "stalled").actions.at(0)).number, 10);
  EXPECT_EQ(std::get<policy::Stop>(rule_of(config, "crowd").actions.at(0)).drain, base::Duration(seconds(5)));
}

TEST(LoadConfig, RefusesClashesBetweenFiles) {
  const auto result = load_config(FIXTURES "/config/clash/leakguard.yml");
  EXPECT_FALSE(result.config);
  const std::string main_file = FIXTURES "/config/clash/leakguard.yml";
  const std::string fragment = FIXTURES "/config/clash/conf.d/10-more.yml";
  ASSERT_EQ(result.problems.size(), 3U);
  EXPECT_EQ(to_string(result.problems[0]), fragment + ":1:8: agent: stands in the main file only");
  EXPECT_EQ(to_string(result.problems[1]),
            fragment + ":3:12: workloads[0].name: another workload of this name is there already: " + main_file + ":2");
  EXPECT_EQ(to_string(result.problems[2]),
            fragment + ":4:30: workloads[1].container: another workload with this container is there already: " +
                main_file + ":2");
}

TEST(LoadConfig, SaysWhichFileIsMissing) {
  const auto result = load_config(FIXTURES "/config/nowhere/leakguard.yml");
  ASSERT_EQ(result.problems.size(), 1U);
  EXPECT_EQ(to_string(result.problems[0]),
            FIXTURES "/config/nowhere/leakguard.yml: cannot be read: No such file or directory");
}

TEST(LoadConfig, AFolderIsNoFile) {
  const auto result = load_config(FIXTURES "/config");
  ASSERT_EQ(result.problems.size(), 1U);
  EXPECT_EQ(result.problems[0].message, "cannot be read: not a regular file");
}

}  // namespace
}  // namespace guard::config

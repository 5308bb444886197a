#include "agent/daemon.h"

#include <csignal>
#include <utility>

#include "agent/exit_codes.h"
#include "agent/service_manager.h"
#include "agent/supervisor/file_limit.h"
#include "agent/web/version.h"
#include "agent/web/web.h"
#include "base/log.h"
#include "base/socket_address.h"
#include "base/web/web_config.h"
#include "guard/history/reader.h"

namespace agent {
namespace {

using guard::config::AgentConfig;
using guard::config::Config;
using guard::sample::TargetKind;

// Events come in bursts (a restart is five of them): one early tick answers all that come within this.
constexpr auto kEarlyTickDelay = std::chrono::milliseconds(50);
// An action that hangs must not keep a new configuration out for ever.
constexpr auto kReloadPatience = std::chrono::minutes(15);
constexpr auto kSettling = std::chrono::seconds(1);
constexpr auto kSettlingPoll = std::chrono::milliseconds(5);
constexpr auto kServerDrain = std::chrono::milliseconds(500);

// `exec` is a wrapper: its command is its child and goes with it.
std::vector<ChildOptions> children_of(const Config& config, const DaemonOptions& daemon) {
  std::vector<ChildOptions> children;
  for (const auto& workload : config.workloads) {
    if (workload.target.kind != TargetKind::command) continue;
    children.push_back({workload.name, workload.target.command, workload.command, workload.caps, daemon.restart,
                        !daemon.ends_with_children});
  }
  return children;
}

bool keeps_history(const AgentConfig& agent) { return !agent.state_dir.empty() && agent.history.max_size.count > 0; }

std::unique_ptr<guard::history::Recorder> make_recorder(const AgentConfig& agent) {
  if (!keeps_history(agent)) return nullptr;
  return std::make_unique<guard::history::Recorder>(guard::history::RecordingOptions{
      guard::history::database_path(agent.state_dir), {agent.history.max_size, agent.history.keep}});
}

std::unique_ptr<HistoryPage> make_history_page(const AgentConfig& agent) {
  if (!keeps_history(agent)) return nullptr;
  return std::make_unique<HistoryPage>(guard::history::database_path(agent.state_dir));
}

}  // namespace

Daemon::Daemon(DaemonOptions options)
    : options_(std::move(options)),
      supervisor_(
          loop_, clock_,
          [this](const std::string& workload, std::string_view line) { runtime_->on_child_line(workload, line); },
          [this] {
            if (options_.ends_with_children && supervisor_.is_over() && !stopping_) shut_down();
            wake();
          },
          options_.config.agent.state_dir.empty() ? "" : options_.config.agent.state_dir + "/run"),
      stop_markers_(options_.config.agent.state_dir.empty() ? "" : options_.config.agent.state_dir + "/stopped"),
      recorder_(make_recorder(options_.config.agent)),
      history_page_(make_history_page(options_.config.agent)),
      runtime_(std::make_unique<Runtime>(options_.config, loop_, clock_, supervisor_, command_probes_, recorder_.get(),
                                         [this] { wake(); })) {
  supervisor_.on_other_end([this](pid_t pid, int status) { command_probes_.on_end(pid, status); });
  for (ChildOptions& child : children_of(options_.config, options_)) supervisor_.add(std::move(child));
}

Daemon::~Daemon() = default;

int Daemon::run() {
  ::signal(SIGPIPE, SIG_IGN);
  raise_file_limit();
  signals_ =
      loop_.on_signals({SIGTERM, SIGINT, SIGHUP, SIGCHLD, SIGUSR1, SIGUSR2}, [this](int number) { on_signal(number); });
  if (!apply_web_config(options_.config.agent.web_config_file)) {
    base::log_error("web configuration rejected; the agent does not start");
    return kWrongConfiguration;
  }
  if (!listen()) return kFailed;
  base::log_info("leakguard guards", {{"version", kVersion},
                                      {"workloads", options_.config.workloads.size()},
                                      {"dry_run", options_.config.agent.dry_run}});
  start_commands();
  start_ticking();
  loop_.post([this] { look_first(clock_.steady_now()); });
  if (const auto interval = watchdog_interval()) watchdog_ = loop_.every(*interval / 2, [](int) { notify_alive(); });
  notify_ready();
  loop_.run();
  servers_.clear();
  return options_.ends_with_children ? supervisor_.exit_code() : exit_code_;
}

bool Daemon::apply_web_config(const std::string& path) {
  const auto read = path.empty() ? base::WebConfigResult{base::WebConfigFile{}, {}} : base::load_web_config(path);
  for (const auto& problem : read.problems)
    base::log_error("invalid web configuration", {{"problem", guard::config::to_string(problem)}});
  if (!read.config) return false;
  for (const std::string& warning : read.config->warnings) base::log_warning(warning);
  const auto replaced = web_access_.replace(*read.config);
  if (!replaced) base::log_error("invalid web configuration", {{"problem", replaced.error().message}});
  return replaced.has_value();
}

bool Daemon::listen() {
  listening_ = options_.config.agent.listen;
  for (const std::string& address : listening_) {
    const auto parsed = base::parse_listen_address(address);
    const bool on_loopback = parsed && base::is_loopback(*parsed);
    base::HttpServerOptions options = web_server_options();
    options.tls = [this] { return web_access_.tls(); };
    auto server = std::make_unique<base::HttpServer>(
        loop_, std::move(options),
        web_access_.protect(
            make_web_handler({[this] { return looked_ ? &runtime_->guard().report() : nullptr; },
                              [this] {
                                return WebHistory{history_page_.get(), recorder_ ? &recorder_->counters() : nullptr};
                              },
                              [this, on_loopback] {
                                return HostRules{on_loopback, options_.config.web.allowed_hosts};
                              }})));
    const auto port = server->listen(address);
    if (!port) {
      base::log_error("cannot listen; another agent may be running, or choose another address in agent.listen",
                      {{"address", address}, {"error", port.error().message}});
      return false;
    }
    base::log_info("listening", {{"address", address}, {"port", *port}, {"tls", web_access_.tls() != nullptr}});
    servers_.push_back(std::move(server));
  }
  return true;
}

void Daemon::start_ticking() {
  ticking_ = loop_.every(options_.config.agent.sample_interval, [this](int missed) { tick(missed); });
}

// When commands run, or after a second: before that they would be seen as stopped.
void Daemon::look_first(base::SteadyTime began) {
  if (looked_) return;
  if (!supervisor_.is_settling() || clock_.steady_now() - began >= kSettling) return tick(0);
  settling_ = loop_.after(kSettlingPoll, [this, began] { look_first(began); });
}

void Daemon::tick(int missed) {
  supervisor_.check();
  runtime_->guard().tick(missed);
  looked_ = true;
  sync_stop_markers();
  if (reload_asked_) loop_.post([this] { reload(); });
}

void Daemon::start_commands() {
  std::vector<std::string> stopped;
  for (const StopMarker& marker : stop_markers_.read()) {
    base::log_warning("not started, since a rule stopped it", {{"workload", marker.workload}, {"rule", marker.rule}});
    runtime_->guard().latch(marker.workload, {marker.rule, marker.since});
    stopped.push_back(marker.workload);
  }
  supervisor_.start_all(stopped);
}

void Daemon::sync_stop_markers() {
  std::vector<StopMarker> markers;
  for (const auto& [workload, stop_latch] : runtime_->guard().stop_latches())
    markers.push_back({workload, stop_latch.rule, stop_latch.latched_at});
  for (const std::string& workload : stop_markers_.keep(markers)) {
    base::log_info("stop marker contains start: starting the command", {{"workload", workload}});
    supervisor_.start(workload);
  }
}

void Daemon::wake() {
  if (stopping_) return;
  early_ = loop_.after(kEarlyTickDelay, [this] { tick(0); });
}

void Daemon::on_signal(int number) {
  switch (number) {
    case SIGCHLD: return supervisor_.reap();
    case SIGHUP: return reload();
    case SIGUSR1:
    case SIGUSR2: return supervisor_.forward(number);
    default:
      if (!stopping_) return shut_down();
      base::log_warning("asked to stop a second time: not waiting any longer");
      supervisor_.forward(SIGKILL);
      return loop_.stop();
  }
}

void Daemon::reload() {
  if (!options_.reload) return supervisor_.forward(SIGHUP);
  auto result = options_.reload();
  if (!result.config) {
    for (const auto& problem : result.problems) {
      base::log_error("invalid configuration; the previous one stays in force",
                      {{"problem", guard::config::to_string(problem)}});
    }
    reload_asked_.reset();
    return runtime_->guard().note_reload(false);
  }
  if (must_wait_to_reload()) return;
  // The bound addresses and the web configuration that protects them stay until a restart.
  const bool same_addresses = result.config->agent.listen == listening_;
  if (!same_addresses)
    base::log_warning("agent.listen changed: restart the agent to apply agent.listen and agent.web_config_file");
  // What can be refused comes first: a reload that fails changes nothing.
  if (same_addresses && !apply_web_config(result.config->agent.web_config_file)) {
    base::log_error("reload rejected; the previous configuration stays in force");
    return runtime_->guard().note_reload(false);
  }
  const AgentConfig before = std::exchange(options_.config, std::move(*result.config)).agent;
  // The recorder before writes what it has and ends only after nothing sees through it any more.
  const auto recorder = replace_recorder(before);
  runtime_ = std::make_unique<Runtime>(
      options_.config, loop_, clock_, supervisor_, command_probes_, recorder_.get(), [this] { wake(); },
      runtime_.get());
  runtime_->guard().note_reload(true);
  supervisor_.replace(children_of(options_.config, options_));
  start_ticking();
  base::log_info("configuration reloaded", {{"workloads", options_.config.workloads.size()}});
  wake();
}

// The outcome of an action, a stop latch that it sets and dependent restarts are known to the guard that started it;
// who is to be restarted after it would be lost with that guard.
bool Daemon::must_wait_to_reload() {
  const base::SteadyTime now = clock_.steady_now();
  const bool waits_already = reload_asked_.has_value();
  if (!waits_already) reload_asked_ = now;
  if (runtime_->guard().is_acting() && now - *reload_asked_ < kReloadPatience) {
    if (!waits_already) base::log_info("reload deferred until the running action ends");
    return true;
  }
  reload_asked_.reset();
  return false;
}

std::unique_ptr<guard::history::Recorder> Daemon::replace_recorder(const AgentConfig& before) {
  const AgentConfig& now = options_.config.agent;
  const bool is_same = before.state_dir == now.state_dir && before.history == now.history;
  if (is_same) return nullptr;
  history_page_ = make_history_page(now);
  return std::exchange(recorder_, make_recorder(now));
}

void Daemon::shut_down() {
  stopping_ = true;
  notify_stopping();
  base::log_info("stopping");
  ticking_.cancel();
  early_.cancel();
  supervisor_.stop_all([this] {
    auto draining = std::make_shared<std::size_t>(servers_.size());
    if (*draining == 0) return loop_.stop();
    for (const auto& server : servers_) {
      server->drain(kServerDrain, [this, draining] {
        if (--*draining == 0) loop_.stop();
      });
    }
  });
}

}  // namespace agent

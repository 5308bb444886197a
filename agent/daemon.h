#pragma once
// The daemon: one event loop with a tick at each interval, the supervised commands, the web pages, and the signals that
// stop or reload it.

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "agent/command_probes.h"
#include "agent/runtime.h"
#include "agent/stop_markers.h"
#include "agent/supervisor/supervisor.h"
#include "agent/web/history_page.h"
#include "base/clock.h"
#include "base/event_loop.h"
#include "base/http_server.h"
#include "base/web/web_access.h"
#include "guard/config/config.h"
#include "guard/history/recorder.h"

namespace agent {

struct DaemonOptions {
  guard::config::Config config;
  // For SIGHUP: reads the configuration again. Empty: reload is refused.
  std::function<guard::config::ConfigResult()> reload;
  RestartPolicy restart = RestartPolicy::always;
  bool ends_with_children = false;  // exec: when the command is over so is the agent, with its exit code
};

class Daemon {
 public:
  explicit Daemon(DaemonOptions options);
  ~Daemon();

  // Runs until SIGTERM, SIGINT or (exec) the command's end. Returns the exit code.
  int run();

 private:
  bool listen();
  // Reads the web config file at `path`, "" for none; what was in force stays when that cannot be used.
  bool apply_web_config(const std::string& path);
  void look_first(base::SteadyTime began);
  void tick(int missed);
  void start_commands();
  void sync_stop_markers();
  void wake();
  void on_signal(int number);
  void reload();
  bool must_wait_to_reload();
  void shut_down();
  void start_ticking();
  // When the settings of the history have changed: the recorder that is to end.
  std::unique_ptr<guard::history::Recorder> replace_recorder(const guard::config::AgentConfig& before);

  DaemonOptions options_;
  base::SystemClock clock_;
  base::EventLoop loop_{1};
  Supervisor supervisor_;
  CommandProbes command_probes_{loop_};
  StopMarkers stop_markers_;
  std::unique_ptr<guard::history::Recorder> recorder_;  // null when no history is kept
  std::unique_ptr<HistoryPage> history_page_;
  std::unique_ptr<Runtime> runtime_;
  base::WebAccess web_access_{loop_, base::WebAccess::WithoutPassword::refuse};
  std::vector<std::string> listening_;  // the addresses of servers_, as configured when they were bound
  std::vector<std::unique_ptr<base::HttpServer>> servers_;
  base::Pending ticking_;
  base::Pending early_;
  base::Pending settling_;
  base::Pending signals_;
  base::Pending watchdog_;
  std::optional<base::SteadyTime> reload_asked_;  // and not done yet
  bool looked_ = false;
  bool stopping_ = false;
  int exit_code_ = 0;
};

}  // namespace agent

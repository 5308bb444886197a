#pragma once
// The agent's pages: metrics, health, status. Read-only: nothing that acts is reachable over HTTP.

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/http_server.h"
#include "guard/history/recording.h"
#include "guard/telemetry/report.h"

namespace agent {

class HistoryPage;

// Both null when no history is kept.
struct WebHistory {
  HistoryPage* page = nullptr;
  const guard::history::RecordingCounters* counters = nullptr;
};

// Which requests a server answers, by their Host.
struct HostRules {
  bool on_loopback = true;                      // it listens on an address of loopback
  std::vector<std::string> allowed_hosts = {};  // besides the names of loopback
};

// Whether a request with that Host is answered: on loopback only under a name of loopback or an allowed one, so that a
// web page cannot read the status by DNS rebinding. Elsewhere under every name until some are allowed; then those,
// and every address in numbers, which cannot be rebound.
bool is_right_host(std::string_view host, const HostRules& rules);

// Where the pages get what they show. `report` null: the guard has not looked yet (not ready).
struct WebSources {
  std::function<const guard::telemetry::Report*()> report;
  std::function<WebHistory()> history;
  std::function<HostRules()> hosts;
};

// Answers every request on the loop's thread, which is the guard's.
base::HttpHandler make_web_handler(WebSources sources);

// The limits that suit a monitoring endpoint: small requests, few clients.
base::HttpServerOptions web_server_options();

}  // namespace agent

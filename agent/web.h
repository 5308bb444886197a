#pragma once
// The agent's pages: metrics, health, status. Read-only: nothing that acts is reachable over HTTP.

#include <functional>
#include <memory>
#include <string>

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

// Where the pages get what they show. `report` null: the guard has not looked yet (not ready).
struct WebSources {
  std::function<const guard::telemetry::Report*()> report;
  std::function<WebHistory()> history;
};

// Answers every request on the loop's thread, which is the guard's.
base::HttpHandler make_web_handler(WebSources sources);

// The limits that suit a monitoring endpoint: small requests, few clients.
base::HttpServerOptions web_server_options();

}  // namespace agent

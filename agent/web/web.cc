#include "agent/web/web.h"

#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>

#include "agent/web/history_page.h"
#include "agent/web/pages.h"
#include "agent/web/self_usage.h"
#include "agent/web/status_page_html.h"
#include "agent/web/version.h"
#include "base/http_host.h"
#include "guard/telemetry/exporter.h"
#include "guard/telemetry/report_json.h"

namespace agent {
namespace {

using base::HttpRequest;
using base::HttpResponse;
using guard::telemetry::HistoryUsage;
using guard::telemetry::Report;

constexpr std::string_view kWorkloads = "/api/v1/workloads/";

HttpResponse page() {
  HttpResponse response = page_of(200, "text/html; charset=utf-8", std::string(web::kStatusPageHtml));
  response.headers.emplace_back(
      "Content-Security-Policy",
      "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; connect-src 'self'");
  return response;
}

HttpResponse of_report(const std::string& path, const Report& report, const std::optional<HistoryUsage>& history) {
  if (path == "/metrics") {
    return page_of(200, "text/plain; version=0.0.4; charset=utf-8",
                   guard::telemetry::expose(report, {kVersion, kRevision}, read_self_usage(), history));
  }
  if (path == "/api/v1/status") return json_page(guard::telemetry::status_json(report, kVersion));
  if (path == "/api/v1/actions") return json_page(guard::telemetry::actions_json(report));
  if (path.starts_with(kWorkloads)) {
    if (auto workload = guard::telemetry::workload_json(report, path.substr(kWorkloads.size())))
      return json_page(std::move(*workload));
    return text_page(404, "no workload of that name is configured\n");
  }
  return text_page(404, "nothing here; see / for the pages there are\n");
}

HttpResponse route(const HttpRequest& request, const Report* report, const std::optional<HistoryUsage>& history) {
  if (request.method != "GET" && request.method != "HEAD") {
    HttpResponse refused = text_page(405, "this server is read-only\n");
    refused.headers.emplace_back("Allow", "GET, HEAD");
    return refused;
  }
  if (request.path == "/") return page();
  if (request.path == "/-/healthy") return text_page(200, "healthy\n");
  if (report == nullptr) return text_page(503, "the first sample has not been taken yet\n");
  if (request.path == "/-/ready") return text_page(200, "ready\n");
  return of_report(request.path, *report, history);
}

// The workload whose history is asked for; none when the request is for something else, or for a workload that there is
// none of.
std::optional<std::string> history_asked(const HttpRequest& request, const Report* report) {
  constexpr std::string_view kHistory = "/history";
  const std::string& path = request.path;
  if (report == nullptr || (request.method != "GET" && request.method != "HEAD") || !path.starts_with(kWorkloads) ||
      !path.ends_with(kHistory) || path.size() <= kWorkloads.size() + kHistory.size())
    return std::nullopt;
  std::string name = path.substr(kWorkloads.size(), path.size() - kWorkloads.size() - kHistory.size());
  const bool is_known = std::ranges::any_of(report->workloads, [&](const auto& w) { return w.workload.name == name; });
  return is_known ? std::optional(std::move(name)) : std::nullopt;
}

std::optional<HistoryUsage> usage_of(const guard::history::RecordingCounters* counters) {
  if (counters == nullptr) return std::nullopt;
  return HistoryUsage{
      static_cast<double>(counters->bytes.load()), static_cast<double>(counters->samples_dropped.load()),
      static_cast<double>(counters->writes_done.load()), static_cast<double>(counters->writes_failed.load())};
}

}  // namespace

bool is_right_host(std::string_view host, const HostRules& rules) {
  if (base::is_own_host(host, rules.allowed_hosts)) return true;
  return !rules.on_loopback && (rules.allowed_hosts.empty() || base::is_numeric_host(host));
}

base::HttpHandler make_web_handler(WebSources sources) {
  return [sources = std::move(sources)](const std::shared_ptr<base::HttpExchange>& exchange) {
    if (!is_right_host(exchange->request().header("host"), sources.hosts())) {
      return exchange->respond(
          text_page(421, "this agent is not known by that name; add the name to web.allowed_hosts if it should be\n"));
    }
    const Report* const report = sources.report();
    const WebHistory history = sources.history();
    const auto asked = history_asked(exchange->request(), report);
    if (!asked) return exchange->respond(route(exchange->request(), report, usage_of(history.counters)));
    if (history.page == nullptr)
      return exchange->respond(text_page(404, "no history is kept: agent.history.max_size is 0, or no state_dir\n"));
    history.page->answer(exchange, *asked, report->at);
  };
}

base::HttpServerOptions web_server_options() {
  base::HttpServerOptions options;
  options.max_body_bytes = 1024;
  options.max_connections = 64;
  return options;
}

}  // namespace agent

#include "agent/web.h"

#include <optional>
#include <string_view>
#include <utility>

#include "agent/self_usage.h"
#include "agent/status_page_html.h"
#include "agent/version.h"
#include "guard/telemetry/exporter.h"
#include "guard/telemetry/report_json.h"

namespace agent {
namespace {

using base::HttpRequest;
using base::HttpResponse;
using guard::telemetry::Report;

constexpr std::string_view kWorkloads = "/api/v1/workloads/";

HttpResponse answer(int status, const char* type, std::string body) {
  return {status,
          {{"Content-Type", type}, {"Cache-Control", "no-store"}, {"X-Content-Type-Options", "nosniff"}},
          std::move(body)};
}

HttpResponse text(int status, std::string body) { return answer(status, "text/plain; charset=utf-8", std::move(body)); }
HttpResponse json(std::string body) { return answer(200, "application/json", std::move(body)); }

HttpResponse page() {
  HttpResponse response = answer(200, "text/html; charset=utf-8", std::string(kStatusPageHtml));
  response.headers.emplace_back(
      "Content-Security-Policy",
      "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; connect-src 'self'");
  return response;
}

HttpResponse of_report(const std::string& path, const Report& report) {
  if (path == "/metrics") {
    return answer(200, "text/plain; version=0.0.4; charset=utf-8",
                  guard::telemetry::expose(report, {kVersion, kRevision}, read_self_usage()));
  }
  if (path == "/api/v1/status") return json(guard::telemetry::status_json(report, kVersion));
  if (path == "/api/v1/actions") return json(guard::telemetry::actions_json(report));
  if (path.starts_with(kWorkloads)) {
    if (auto workload = guard::telemetry::workload_json(report, path.substr(kWorkloads.size())))
      return json(std::move(*workload));
    return text(404, "no workload of that name is configured\n");
  }
  return text(404, "nothing here; see / for the pages there are\n");
}

HttpResponse route(const HttpRequest& request, const Report* report) {
  if (request.method != "GET" && request.method != "HEAD") {
    HttpResponse refused = text(405, "this server is read-only\n");
    refused.headers.emplace_back("Allow", "GET, HEAD");
    return refused;
  }
  if (request.path == "/") return page();
  if (request.path == "/-/healthy") return text(200, "healthy\n");
  if (report == nullptr) return text(503, "the first sample has not been taken yet\n");
  if (request.path == "/-/ready") return text(200, "ready\n");
  return of_report(request.path, *report);
}

}  // namespace

base::HttpHandler make_web_handler(WebSources sources) {
  return [sources = std::move(sources)](const std::shared_ptr<base::HttpExchange>& exchange) {
    exchange->respond(route(exchange->request(), sources.report()));
  };
}

base::HttpServerOptions web_server_options() {
  base::HttpServerOptions options;
  options.max_body_bytes = 1024;
  options.max_connections = 64;
  return options;
}

}  // namespace agent

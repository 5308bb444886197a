#include "chatcore/api/call.h"

#include <algorithm>
#include <utility>

#include "base/log.h"
#include "chatcore/api/access.h"
#include "chatcore/api/random_id.h"
#include "chatcore/storage/outage.h"

namespace chatcore::api {
namespace {

// What nginx made customary for "the client closed the request before it was answered".
constexpr int kClientLeft = 499;
constexpr std::size_t kMaxRequestIdBytes = 64;
// Bytes of a path or an identifier in an audit line.
constexpr std::size_t kMaxAuditedBytes = 256;

bool is_plain_word(std::string_view text) {
  return !text.empty() && text.size() <= kMaxRequestIdBytes && std::ranges::all_of(text, [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '_' ||
           c == '.';
  });
}

std::string request_id_of(const base::HttpRequest& request) {
  const std::string_view given = request.header("x-request-id");
  return is_plain_word(given) ? std::string(given) : random_id("req_");
}

}  // namespace

Call::Call(std::shared_ptr<base::HttpExchange> exchange, std::string_view route, Metrics& metrics)
    : exchange_(std::move(exchange)),
      route_(route),
      metrics_(metrics),
      began_(std::chrono::steady_clock::now()),
      request_id_(request_id_of(exchange_->request())) {
  metrics_.request_began();
}

Call::~Call() {
  const int status = status_;
  count_end(status == 0 ? kClientLeft : status);
}

void Call::count_end(int status) {
  if (counted_.exchange(true)) return;
  principal_.stream.reset();
  metrics_.request_ended(route_, status, std::chrono::steady_clock::now() - began_);
  if (is_audited_) audit(status);
}

// Names only, never message text.
void Call::audit(int status) const {
  const base::HttpRequest& asked = request();
  const std::string conversation = asked.query_value("conversationId");
  base::log_info("audit", {{"method", asked.method},
                           {"path", asked.path.substr(0, kMaxAuditedBytes)},
                           {"conversation", conversation.substr(0, kMaxAuditedBytes)},
                           {"user", principal_.user},
                           {"peer", asked.peer},
                           {"status", status},
                           {"request_id", request_id_}});
}

std::string Call::path_value(std::string_view name) const {
  for (const auto& [place, value] : path_values_) {
    if (place == name) return value;
  }
  return "";
}

void Call::add_common_headers(base::HttpHeaders& headers) const {
  headers.emplace_back("x-request-id", request_id_);
  // Whatever a browser is told here is for this user and this moment.
  headers.emplace_back("cache-control", "no-store");
  if (!allowed_origin_.empty()) add_cors_headers(headers, allowed_origin_);
}

void Call::json(std::string body, int status) {
  respond({.status = status, .headers = {{"content-type", "application/json"}}, .body = std::move(body)});
}

void Call::respond(base::HttpResponse response) {
  count_end(response.status);
  add_common_headers(response.headers);
  response.headers.emplace_back("x-content-type-options", "nosniff");
  exchange_->respond(std::move(response));
}

void Call::refuse(const Problem& problem) { respond(response_of(problem)); }

Problem Call::problem_of(const base::Error& error) const {
  Problem problem = api::problem_of(error);
  if (problem.status >= 500) {
    base::log_warning("A request failed", {{"route", route_}, {"request_id", request_id_}, {"error", error.message}});
  } else if (error.remote && error.remote->side != storage::kSide) {
    base::log_info("A backend refused a request",
                   {{"route", route_}, {"request_id", request_id_}, {"error", error.message}});
  }
  return problem;
}

void Call::start_events(base::HttpHeaders headers) {
  status_ = 200;
  headers.emplace_back("content-type", "text/event-stream");
  add_common_headers(headers);
  // Asks a reverse proxy not to hold the stream back (nginx).
  headers.emplace_back("x-accel-buffering", "no");
  exchange_->start(200, std::move(headers));
}

std::size_t Call::write(std::string event) {
  last_write_ = std::chrono::steady_clock::now();
  return exchange_->write(std::move(event));
}

void Call::keep_alive(const std::shared_ptr<Call>& call, base::EventLoop& loop) {
  keep_alive_after(call, loop, kKeepAlive);
}

void Call::keep_alive_after(const std::shared_ptr<Call>& call, base::EventLoop& loop, base::Duration delay) {
  call->keeping_alive_ = loop.after(delay, [weak = std::weak_ptr(call), &loop] {
    const auto still = weak.lock();
    if (!still || still->counted_) return;
    const base::Duration silent = std::chrono::steady_clock::now() - still->last_write_.load();
    if (silent < kKeepAlive) return keep_alive_after(still, loop, kKeepAlive - silent);
    // While a slow client still has bytes to read the connection is not silent; do not queue more behind them.
    if (still->exchange_->write("") == 0) still->write(": keep-alive\n\n");
    keep_alive_after(still, loop, kKeepAlive);
  });
}

void Call::finish() {
  count_end(status_);
  exchange_->finish();
}

}  // namespace chatcore::api

#include "chatcore/api/call.h"

#include <utility>

#include "base/log.h"

namespace chatcore::api {
namespace {

// What nginx made customary for "the client closed the request before it was answered".
constexpr int kClientLeft = 499;

}  // namespace

Call::Call(std::shared_ptr<base::HttpExchange> exchange, std::string_view route, Metrics& metrics)
    : exchange_(std::move(exchange)), route_(route), metrics_(metrics), began_(std::chrono::steady_clock::now()) {
  metrics_.request_began();
}

Call::~Call() {
  const int status = status_;
  count_end(status == 0 ? kClientLeft : status);
}

void Call::count_end(int status) {
  if (counted_.exchange(true)) return;
  metrics_.request_ended(route_, status, std::chrono::steady_clock::now() - began_);
}

void Call::json(std::string body, int status) {
  respond({.status = status, .headers = {{"content-type", "application/json"}}, .body = std::move(body)});
}

void Call::respond(base::HttpResponse response) {
  count_end(response.status);
  // Whatever a browser is told here is for this user and this moment.
  response.headers.emplace_back("cache-control", "no-store");
  response.headers.emplace_back("x-content-type-options", "nosniff");
  exchange_->respond(std::move(response));
}

void Call::refuse(const Problem& problem) { respond(response_of(problem)); }

Problem Call::problem_of(const base::Error& error) const {
  Problem problem = api::problem_of(error);
  if (problem.status >= 500) base::log_warning("A request failed", {{"route", route_}, {"error", error.message}});
  return problem;
}

void Call::start_events(base::HttpHeaders headers) {
  status_ = 200;
  headers.emplace_back("content-type", "text/event-stream");
  headers.emplace_back("cache-control", "no-store");
  // Asks a reverse proxy not to hold the stream back (nginx).
  headers.emplace_back("x-accel-buffering", "no");
  exchange_->start(200, std::move(headers));
}

void Call::finish() {
  count_end(status_);
  exchange_->finish();
}

}  // namespace chatcore::api

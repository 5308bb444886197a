#pragma once
// One HTTP request on its way to an answer, counted: how many are in flight, how each ended and how long it took.
// Handlers answer through it and never through the exchange, so nothing is answered uncounted.

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "base/clock.h"
#include "base/event_loop.h"
#include "base/http_server.h"
#include "chatcore/api/auth_middleware.h"
#include "chatcore/api/path.h"
#include "chatcore/api/problem.h"
#include "chatcore/metrics.h"

namespace chatcore::api {

// Shared by whoever may still answer. A request is counted as ended before the client can see its end, so that who
// asks for the metrics next finds it there; one that is never answered when the last lets go. Thread-safe as the
// exchange is.
class Call {
 public:
  // `route` must be a string that lives as long as the program: it becomes a metric label. Every answer names its
  // request in the header X-Request-Id, and so does the log line of one that failed: by what the client calls it there,
  // when that is a plain word, else by a name made here.
  Call(std::shared_ptr<base::HttpExchange> exchange, std::string_view route, Metrics& metrics);
  ~Call();
  Call(const Call&) = delete;
  Call& operator=(const Call&) = delete;

  [[nodiscard]] const base::HttpRequest& request() const { return exchange_->request(); }
  // Who asks, as authentication found it; empty without authentication. The user part of every ConversationKey.
  [[nodiscard]] const std::string& user() const { return principal_.user; }
  // Before the handler runs. The principal's place among the user's answers is free again when the request is counted
  // as ended.
  void set_principal(Principal principal) { principal_ = std::move(principal); }
  // Writes an audit line to the log when the call ends: user, address, status. For deletions and admin routes.
  void set_audited() { is_audited_ = true; }
  // Pages of this origin may read the response (CORS headers); "": none.
  void set_allowed_origin(std::string origin) { allowed_origin_ = std::move(origin); }
  // What the path says in a place of the route's pattern; "" when the pattern has no such place.
  [[nodiscard]] std::string path_value(std::string_view name) const;
  void set_path_values(PathValues values) { path_values_ = std::move(values); }

  void json(std::string body, int status = 200);
  void respond(base::HttpResponse response);
  void refuse(const Problem& problem);
  // What the client is told of an error from inside. The error's own words go to the log where the fault is on this
  // side or a backend's; a conflict or a client that left is no fault.
  [[nodiscard]] Problem problem_of(const base::Error& error) const;

  // Begins a stream of server-sent events.
  void start_events(base::HttpHeaders headers);
  // Writes the comment `: keep-alive` when the stream has been silent for kKeepAlive, until the stream ends: proxies
  // close silent connections (nginx after 60 s). REQUIRES: start_events() was called. `call` is the call itself.
  static void keep_alive(const std::shared_ptr<Call>& call, base::EventLoop& loop);
  static constexpr base::Duration kKeepAlive = std::chrono::seconds(10);
  std::size_t write(std::string event);
  void finish();
  // As HttpExchange's. The callbacks must not hold this Call: the exchange holds them.
  void on_drained(std::function<void()> callback) { exchange_->on_drained(std::move(callback)); }
  void on_closed(std::function<void()> callback) { exchange_->on_closed(std::move(callback)); }

 private:
  static void keep_alive_after(const std::shared_ptr<Call>& call, base::EventLoop& loop, base::Duration delay);
  void count_end(int status);
  void audit(int status) const;
  void add_common_headers(base::HttpHeaders& headers) const;

  const std::shared_ptr<base::HttpExchange> exchange_;
  const std::string_view route_;
  Metrics& metrics_;
  const base::SteadyTime began_;
  const std::string request_id_;
  Principal principal_;
  PathValues path_values_;
  std::string allowed_origin_;
  bool is_audited_ = false;
  std::atomic<int> status_{0};  // of a stream under way; 0: not answered
  std::atomic<bool> counted_{false};
  std::atomic<base::SteadyTime> last_write_{};
  base::Pending keeping_alive_;
};

}  // namespace chatcore::api

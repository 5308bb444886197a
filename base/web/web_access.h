#pragma once
// Applies a web config file: the certificate of connections, and in front of the program's handler the check of
// passwords, the limit on the rate, and headers for every response. A reload replaces all of it at once.
//
// Guessing is slowed down: after ten wrong passwords a network may try another one every six seconds. A password that
// is known to be right is not affected.

#include <chrono>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/event_loop.h"
#include "base/http_server.h"
#include "base/rate_limiter.h"
#include "base/result.h"
#include "base/tls.h"
#include "base/web/basic_auth.h"
#include "base/web/web_config.h"
#include "base/worker.h"

namespace base {

// Thread-safe.
class WebAccess {
 public:
  // What happens to a request without a valid password, when the file names users.
  enum class WithoutPassword {
    refuse,   // 401
    forward,  // to the handler, without a user: it may authenticate the client in another way
  };

  // Without TLS, users or headers until the first replace(). The loop is the server's and must outlive this.
  WebAccess(EventLoop& loop, WithoutPassword without_password);
  ~WebAccess();
  WebAccess(const WebAccess&) = delete;
  WebAccess& operator=(const WebAccess&) = delete;

  // Errors: as TlsContext::make; what was in force stays.
  Status replace(const WebConfigFile& config);

  // For HttpServerOptions::tls.
  [[nodiscard]] std::shared_ptr<const TlsContext> tls() const;
  [[nodiscard]] bool has_users() const;

  // For HttpServer; this must outlive the returned handler. Sets HttpRequest::user. Answers by itself: 401 (no password
  // or a wrong one), 429 (over rate_limit, or too many wrong passwords), 503 (too many passwords wait to be checked).
  [[nodiscard]] HttpHandler protect(HttpHandler handler);

 private:
  struct Rules;
  using SharedHandler = std::shared_ptr<const HttpHandler>;
  // A request whose password is being checked.
  struct PendingRequest {
    LoopThread thread;
    std::shared_ptr<HttpExchange> exchange;
    SharedHandler handler;
  };

  [[nodiscard]] std::shared_ptr<Rules> rules() const;
  // Wrong passwords of a network.
  struct Attempts {
    RateLimiter limiter;
    RateLimiter log_lines;
  };

  void handle(const std::shared_ptr<Rules>& rules, const std::shared_ptr<HttpExchange>& exchange,
              const SharedHandler& handler);
  void check(const std::shared_ptr<Rules>& rules, const UserAndPassword& given, PendingRequest request);
  [[nodiscard]] std::vector<PendingRequest> take_pending(Rules& rules, const UserAndPassword& given,
                                                         bool refunds_attempt);
  void forward_or_challenge(const std::shared_ptr<HttpExchange>& exchange, const HttpHandler& handler,
                            const std::string& user) const;
  // Time until the next request is admitted; absent: admitted.
  [[nodiscard]] std::optional<std::chrono::nanoseconds> wait_for_rate_limit(Rules& rules, SteadyTime now);
  // Both under the lock. An attempt that turns out right is not counted.
  [[nodiscard]] std::optional<std::chrono::nanoseconds> count_attempt(const std::string& network, SteadyTime now);
  void refund_attempt(const std::string& network);

  EventLoop& loop_;
  const WithoutPassword without_password_;
  mutable std::mutex mutex_;
  std::shared_ptr<Rules> rules_;
  std::map<std::string, Attempts> attempts_;  // by network; bounded
  std::optional<Worker> worker_;              // computes hashes
};

}  // namespace base

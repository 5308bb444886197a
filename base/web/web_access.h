#pragma once
// Puts a web config file in force: the certificate that connections are shown, and in front of the program's handler
// the check of passwords, the limit on the rate, and headers for every response. A reload replaces all of it at once.

#include <memory>
#include <mutex>
#include <optional>

#include "base/clock.h"
#include "base/event_loop.h"
#include "base/http_server.h"
#include "base/result.h"
#include "base/tls.h"
#include "base/web/web_config.h"
#include "base/worker.h"

namespace base {

// Thread-safe.
class WebAccess {
 public:
  // What becomes of a request without a right password, when the file names users.
  enum class Otherwise {
    refuse,   // 401
    pass_on,  // to the handler, without a user: it may know the client in another way
  };

  // Without TLS, users or headers until the first replace(). The loop is the server's and must outlive this.
  WebAccess(EventLoop& loop, Otherwise otherwise);
  ~WebAccess();
  WebAccess(const WebAccess&) = delete;
  WebAccess& operator=(const WebAccess&) = delete;

  // Errors: as TlsContext::make; what was in force stays.
  Status replace(const WebConfigFile& config);

  // For HttpServerOptions::tls.
  [[nodiscard]] std::shared_ptr<const TlsContext> tls() const;
  [[nodiscard]] bool has_users() const;

  // Must be outlived by this. Sets HttpRequest::user. Answers by itself: 401 (no password or a wrong one), 429 (over
  // rate_limit), 503 (too many passwords wait to be checked).
  [[nodiscard]] HttpHandler protect(HttpHandler handler);

 private:
  struct Rules;

  [[nodiscard]] std::shared_ptr<Rules> rules() const;
  void handle(const std::shared_ptr<HttpExchange>& exchange, const HttpHandler& handler);
  void enter(const std::shared_ptr<HttpExchange>& exchange, const HttpHandler& handler, const std::string& user) const;

  EventLoop& loop_;
  const Otherwise otherwise_;
  mutable std::mutex mutex_;  // for the copy of the pointer
  std::shared_ptr<Rules> rules_;
  std::optional<Worker> worker_;  // computes hashes
};

// What the client is asked for with a 401: a name and a password.
inline constexpr const char* kBasicChallenge = "Basic realm=\"leakguard\", charset=\"UTF-8\"";

}  // namespace base

#include "base/web/web_access.h"

#include <algorithm>
#include <string>
#include <utility>

#include "base/http_text.h"
#include "base/web/basic_auth.h"

namespace base {
namespace {

// Each takes the hash's time, some 70 ms: who waits behind so many waits for seconds.
constexpr std::size_t kMostWaiting = 64;

HttpResponse text(int status, std::string message) {
  return {status, {{"Content-Type", "text/plain; charset=utf-8"}}, std::move(message)};
}

HttpResponse no_right_password() {
  HttpResponse response = text(401, "Unauthorized: send a user and password of basic_auth_users\n");
  response.headers.emplace_back("WWW-Authenticate", kBasicChallenge);
  return response;
}

HttpResponse later(int status, std::string message) {
  HttpResponse response = text(status, std::move(message));
  response.headers.emplace_back("Retry-After", "1");
  return response;
}

// Adds headers that the handler has not set itself.
class ExchangeWithHeaders final : public HttpExchange {
 public:
  ExchangeWithHeaders(std::shared_ptr<HttpExchange> inner, HttpHeaders headers)
      : inner_(std::move(inner)), headers_(std::move(headers)) {}

  [[nodiscard]] const HttpRequest& request() const override { return inner_->request(); }
  void authenticated(std::string user) override { inner_->authenticated(std::move(user)); }
  void respond(HttpResponse response) override {
    add_to(response.headers);
    inner_->respond(std::move(response));
  }
  void start(int status, HttpHeaders headers) override {
    add_to(headers);
    inner_->start(status, std::move(headers));
  }
  std::size_t write(std::string chunk) override { return inner_->write(std::move(chunk)); }
  void finish() override { inner_->finish(); }
  void on_drained(std::function<void()> callback) override { inner_->on_drained(std::move(callback)); }
  void on_closed(std::function<void()> callback) override { inner_->on_closed(std::move(callback)); }

 private:
  void add_to(HttpHeaders& headers) const {
    const std::size_t own = headers.size();
    for (const auto& header : headers_) {
      const bool is_set = std::any_of(headers.begin(), headers.begin() + static_cast<std::ptrdiff_t>(own),
                                      [&](const auto& other) { return is_same_name(other.first, header.first); });
      if (!is_set) headers.push_back(header);
    }
  }

  const std::shared_ptr<HttpExchange> inner_;
  const HttpHeaders headers_;
};

// A token bucket: `burst` requests at once, and one more for each interval that passes.
class RequestLimiter {
 public:
  explicit RequestLimiter(RequestRate rate) : rate_(rate), tokens_(static_cast<double>(rate.burst)) {}

  [[nodiscard]] bool admit(SteadyTime now) {
    if (rate_.interval.count() == 0) return true;
    const std::lock_guard lock(mutex_);
    if (last_) tokens_ += std::chrono::duration<double>(now - *last_) / std::chrono::duration<double>(rate_.interval);
    tokens_ = std::min(tokens_, static_cast<double>(rate_.burst));
    last_ = now;
    if (tokens_ < 1) return false;
    tokens_ -= 1;
    return true;
  }

 private:
  const RequestRate rate_;
  std::mutex mutex_;
  double tokens_;
  std::optional<SteadyTime> last_;
};

}  // namespace

struct WebAccess::Rules {
  explicit Rules(const WebConfigFile& config)
      : headers(config.headers), has_users(!config.users.empty()), passwords(config.users), limiter(config.rate) {}

  std::shared_ptr<const TlsContext> tls;
  const HttpHeaders headers;
  const bool has_users;
  const BasicAuth passwords;
  RequestLimiter limiter;
};

WebAccess::WebAccess(EventLoop& loop, Otherwise otherwise)
    : loop_(loop), otherwise_(otherwise), rules_(std::make_shared<Rules>(WebConfigFile{})) {}

WebAccess::~WebAccess() = default;

Status WebAccess::replace(const WebConfigFile& config) {
  auto rules = std::make_shared<Rules>(config);
  if (config.tls) {
    auto context = TlsContext::make(*config.tls);
    if (!context) return fail(context.error());
    rules->tls = std::move(*context);
  }
  const std::lock_guard lock(mutex_);
  if (rules->has_users && !worker_) worker_.emplace("passwords", kMostWaiting);
  rules_.swap(rules);
  return {};
}

std::shared_ptr<WebAccess::Rules> WebAccess::rules() const {
  const std::lock_guard lock(mutex_);
  return rules_;
}

std::shared_ptr<const TlsContext> WebAccess::tls() const { return rules()->tls; }

bool WebAccess::has_users() const { return rules()->has_users; }

HttpHandler WebAccess::protect(HttpHandler handler) {
  return [this, handler = std::move(handler)](const std::shared_ptr<HttpExchange>& exchange) {
    const auto& headers = rules()->headers;
    handle(headers.empty() ? exchange : std::make_shared<ExchangeWithHeaders>(exchange, headers), handler);
  };
}

void WebAccess::handle(const std::shared_ptr<HttpExchange>& exchange, const HttpHandler& handler) {
  const auto rules = this->rules();
  if (!rules->limiter.admit(std::chrono::steady_clock::now()))
    return exchange->respond(later(429, "Too Many Requests: over rate_limit of the web configuration\n"));
  if (!rules->has_users) return handler(exchange);
  const auto given = parse_basic_authorization(exchange->request().header("authorization"));
  if (!given) return enter(exchange, handler, "");
  if (const auto known = rules->passwords.remembered(*given))
    return enter(exchange, handler, *known ? given->user : "");
  const bool is_taken = worker_->submit([this, thread = loop_.this_thread(), rules, given, exchange, handler] {
    const bool is_right = rules->passwords.check(*given);
    thread.post([this, exchange, handler, user = is_right ? given->user : ""] { enter(exchange, handler, user); });
  });
  if (!is_taken) exchange->respond(later(503, "Too many passwords are waiting to be checked\n"));
}

void WebAccess::enter(const std::shared_ptr<HttpExchange>& exchange, const HttpHandler& handler,
                      const std::string& user) const {
  if (user.empty() && otherwise_ == Otherwise::refuse) return exchange->respond(no_right_password());
  if (!user.empty()) exchange->authenticated(user);
  handler(exchange);
}

}  // namespace base

#include "base/web/web_access.h"

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>

#include "base/http_text.h"
#include "base/log.h"
#include "base/network.h"

namespace base {
namespace {

// Password checks that wait for the worker: at 70 ms each, the last one waits for 4.5 s.
constexpr std::size_t kMostPendingChecks = 64;

// Wrong passwords of a network: ten, then one every 6 s. The log names a network once a minute.
constexpr RateLimit kAttempts{.per_second = 1.0 / 6, .burst = 10};
constexpr RateLimit kLogLines{.per_second = 1.0 / 60, .burst = 1};
constexpr std::size_t kMostNetworks = 4096;

HttpResponse text(int status, std::string message) {
  return {status, {{"Content-Type", "text/plain; charset=utf-8"}}, std::move(message)};
}

HttpResponse unauthorized() {
  HttpResponse response = text(401, "Unauthorized: a valid user name and password are required\n");
  response.headers.emplace_back("WWW-Authenticate", basic_challenge("leakguard"));
  return response;
}

HttpResponse later(int status, std::string message, std::chrono::nanoseconds wait) {
  HttpResponse response = text(status, std::move(message));
  const auto seconds = std::chrono::ceil<std::chrono::seconds>(wait).count();
  response.headers.emplace_back("Retry-After", std::to_string(std::max<std::int64_t>(seconds, 1)));
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

}  // namespace

struct WebAccess::Rules {
  explicit Rules(const WebConfigFile& config, const Rules* previous = nullptr)
      : headers(config.headers),
        has_users(!config.users.empty()),
        passwords(config.users, previous == nullptr ? nullptr : &previous->passwords),
        rate(config.rate) {}

  std::shared_ptr<const TlsContext> tls;
  const HttpHeaders headers;
  const bool has_users;
  const BasicAuth passwords;
  const std::optional<RateLimit> rate;
  // Under the lock.
  RateLimiter limiter;                                                                 // of all requests
  std::map<std::pair<std::string, std::string>, std::vector<PendingRequest>> pending;  // by user and password
};

WebAccess::WebAccess(EventLoop& loop, WithoutPassword without_password)
    : loop_(loop), without_password_(without_password), rules_(std::make_shared<Rules>(WebConfigFile{})) {}

WebAccess::~WebAccess() = default;

Status WebAccess::replace(const WebConfigFile& config) {
  auto rules = std::make_shared<Rules>(config, this->rules().get());
  if (config.tls) {
    auto context = TlsContext::make(*config.tls);
    if (!context) return fail(context.error());
    rules->tls = std::move(*context);
  }
  const std::lock_guard lock(mutex_);
  if (rules->has_users && !worker_) worker_.emplace("passwords", kMostPendingChecks);
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
  return [this, handler = std::make_shared<const HttpHandler>(std::move(handler))](
             const std::shared_ptr<HttpExchange>& exchange) {
    const auto rules = this->rules();
    handle(rules, rules->headers.empty() ? exchange : std::make_shared<ExchangeWithHeaders>(exchange, rules->headers),
           handler);
  };
}

void WebAccess::handle(const std::shared_ptr<Rules>& rules, const std::shared_ptr<HttpExchange>& exchange,
                       const SharedHandler& handler) {
  if (const auto wait = wait_for_rate_limit(*rules, std::chrono::steady_clock::now()))
    return exchange->respond(later(429, "Too Many Requests: rate limit exceeded\n", *wait));
  if (!rules->has_users) return (*handler)(exchange);
  const auto given = parse_basic_authorization(exchange->request().only_header("authorization"));
  if (!given) return forward_or_challenge(exchange, *handler, "");
  if (const auto known = rules->passwords.cached_result(*given))
    return forward_or_challenge(exchange, *handler, *known ? given->user : "");
  check(rules, *given, {loop_.this_thread(), exchange, handler});
}

// Requests with the same password wait for one computation.
void WebAccess::check(const std::shared_ptr<Rules>& rules, const UserAndPassword& given, PendingRequest request) {
  const auto exchange = request.exchange;
  const std::string network = network_of(exchange->request().peer);
  {
    const std::lock_guard lock(mutex_);
    const std::pair key(given.user, given.password);
    if (const auto others = rules->pending.find(key); others != rules->pending.end())
      return others->second.push_back(std::move(request));
    if (const auto wait = count_attempt(network, std::chrono::steady_clock::now()))
      return exchange->respond(later(429, "Too many wrong passwords from your network\n", *wait));
    rules->pending[key].push_back(std::move(request));
  }
  const bool is_taken = worker_->submit([this, rules, given] {
    const bool is_right = rules->passwords.check(given);
    for (const PendingRequest& one : take_pending(*rules, given, is_right)) {
      one.thread.post(
          [this, one, user = is_right ? given.user : ""] { forward_or_challenge(one.exchange, *one.handler, user); });
    }
  });
  if (is_taken) return;
  // Not checked, so it is no wrong password.
  for (const PendingRequest& one : take_pending(*rules, given, true))
    one.exchange->respond(later(503, "Too many login attempts; retry\n", std::chrono::seconds(1)));
}

std::vector<WebAccess::PendingRequest> WebAccess::take_pending(Rules& rules, const UserAndPassword& given,
                                                               bool refunds_attempt) {
  const std::lock_guard lock(mutex_);
  auto ended = rules.pending.extract({given.user, given.password});
  if (refunds_attempt) refund_attempt(network_of(ended.mapped().front().exchange->request().peer));
  return std::move(ended.mapped());
}

void WebAccess::forward_or_challenge(const std::shared_ptr<HttpExchange>& exchange, const HttpHandler& handler,
                                     const std::string& user) const {
  if (user.empty() && without_password_ == WithoutPassword::refuse) return exchange->respond(unauthorized());
  if (!user.empty()) exchange->authenticated(user);
  handler(exchange);
}

std::optional<std::chrono::nanoseconds> WebAccess::wait_for_rate_limit(Rules& rules, SteadyTime now) {
  if (!rules.rate) return std::nullopt;
  const std::lock_guard lock(mutex_);
  return rules.limiter.admit(*rules.rate, now);
}

std::optional<std::chrono::nanoseconds> WebAccess::count_attempt(const std::string& network, SteadyTime now) {
  if (attempts_.size() >= kMostNetworks)
    std::erase_if(attempts_, [now](const auto& entry) { return entry.second.limiter.is_full(now); });
  // A limit for each network does not stop an attacker who has this many.
  if (attempts_.size() >= kMostNetworks) attempts_.clear();
  Attempts& attempts = attempts_[network];
  const auto wait = attempts.limiter.admit(kAttempts, now);
  if (wait && !attempts.log_lines.admit(kLogLines, now))
    log_warning("audit: repeated wrong passwords: further ones get 429", {{"network", network}});
  return wait;
}

void WebAccess::refund_attempt(const std::string& network) {
  const auto found = attempts_.find(network);
  if (found != attempts_.end()) found->second.limiter.refund(kAttempts);
}

}  // namespace base

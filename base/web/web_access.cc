#include "base/web/web_access.h"

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>

#include "base/http_text.h"
#include "base/network.h"

namespace base {
namespace {

// Different passwords. Each takes the hash's time, some 70 ms: the last of so many waits for seconds.
constexpr std::size_t kMostWaiting = 64;

// Wrong passwords of a network, as chatcore's wrong keys.
constexpr Rate kGuesses{.per_second = 1.0 / 6, .burst = 10};
constexpr std::size_t kMostNetworks = 4096;

HttpResponse text(int status, std::string message) {
  return {status, {{"Content-Type", "text/plain; charset=utf-8"}}, std::move(message)};
}

HttpResponse no_right_password() {
  HttpResponse response = text(401, "Unauthorized: a valid user name and password are required\n");
  response.headers.emplace_back("WWW-Authenticate", kBasicChallenge);
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
  explicit Rules(const WebConfigFile& config)
      : headers(config.headers), has_users(!config.users.empty()), passwords(config.users), rate(config.rate) {}

  std::shared_ptr<const TlsContext> tls;
  const HttpHeaders headers;
  const bool has_users;
  const BasicAuth passwords;
  const std::optional<Rate> rate;
  RateGate gate;                                                                // of all requests; under the lock
  std::map<std::pair<std::string, std::string>, std::vector<Waiting>> waiting;  // by user and password; under the lock
};

WebAccess::WebAccess(EventLoop& loop, WithoutPassword without_password)
    : loop_(loop), without_password_(without_password), rules_(std::make_shared<Rules>(WebConfigFile{})) {}

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
  return [this, handler = std::make_shared<const HttpHandler>(std::move(handler))](
             const std::shared_ptr<HttpExchange>& exchange) {
    const auto& headers = rules()->headers;
    handle(headers.empty() ? exchange : std::make_shared<ExchangeWithHeaders>(exchange, headers), handler);
  };
}

void WebAccess::handle(const std::shared_ptr<HttpExchange>& exchange, const SharedHandler& handler) {
  const auto rules = this->rules();
  if (const auto wait = over_rate(*rules, std::chrono::steady_clock::now()))
    return exchange->respond(later(429, "Too Many Requests: rate limit exceeded\n", *wait));
  if (!rules->has_users) return (*handler)(exchange);
  const auto given = parse_basic_authorization(exchange->request().only_header("authorization"));
  if (!given) return enter(exchange, *handler, "");
  if (const auto known = rules->passwords.cached_result(*given))
    return enter(exchange, *handler, *known ? given->user : "");
  check(rules, *given, {loop_.this_thread(), exchange, handler});
}

// Requests with the same password wait for one computation.
void WebAccess::check(const std::shared_ptr<Rules>& rules, const UserAndPassword& given, Waiting waiting) {
  const auto exchange = waiting.exchange;
  {
    const std::lock_guard lock(mutex_);
    const std::pair key(given.user, given.password);
    if (const auto others = rules->waiting.find(key); others != rules->waiting.end())
      return others->second.push_back(std::move(waiting));
    if (const auto wait = take_guess(network_of(exchange->request().peer), std::chrono::steady_clock::now()))
      return exchange->respond(later(429, "Too many wrong passwords from your network\n", *wait));
    rules->waiting[key].push_back(std::move(waiting));
  }
  const bool is_taken = worker_->submit([this, rules, given] {
    const bool is_right = rules->passwords.check(given);
    for (const Waiting& one : end_check(*rules, given, is_right)) {
      one.thread.post([this, one, user = is_right ? given.user : ""] { enter(one.exchange, *one.handler, user); });
    }
  });
  if (is_taken) return;
  for (const Waiting& one : end_check(*rules, given, false))
    one.exchange->respond(later(503, "Too many login attempts; retry\n", std::chrono::seconds(1)));
}

std::vector<WebAccess::Waiting> WebAccess::end_check(Rules& rules, const UserAndPassword& given, bool is_right) {
  const std::lock_guard lock(mutex_);
  auto ended = rules.waiting.extract({given.user, given.password});
  if (is_right) give_back_guess(network_of(ended.mapped().front().exchange->request().peer));
  return std::move(ended.mapped());
}

void WebAccess::enter(const std::shared_ptr<HttpExchange>& exchange, const HttpHandler& handler,
                      const std::string& user) const {
  if (user.empty() && without_password_ == WithoutPassword::refuse) return exchange->respond(no_right_password());
  if (!user.empty()) exchange->authenticated(user);
  handler(exchange);
}

std::optional<std::chrono::nanoseconds> WebAccess::over_rate(Rules& rules, SteadyTime now) {
  if (!rules.rate) return std::nullopt;
  const std::lock_guard lock(mutex_);
  return rules.gate.pass(*rules.rate, now);
}

std::optional<std::chrono::nanoseconds> WebAccess::take_guess(const std::string& network, SteadyTime now) {
  if (guesses_.size() >= kMostNetworks)
    std::erase_if(guesses_, [now](const auto& entry) { return entry.second.is_full(now); });
  // An attacker with so many networks is not slowed down by any of them.
  if (guesses_.size() >= kMostNetworks) guesses_.clear();
  return guesses_[network].pass(kGuesses, now);
}

void WebAccess::give_back_guess(const std::string& network) {
  const auto found = guesses_.find(network);
  if (found != guesses_.end()) found->second.give_back(kGuesses);
}

}  // namespace base

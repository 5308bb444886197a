#include "chatcore/api/auth_middleware.h"

#include <algorithm>
#include <utility>

#include "base/http_host.h"
#include "base/log.h"
#include "base/network.h"

namespace chatcore::api {
namespace {

// A place is free when an answer ends, which nobody can foretell.
constexpr int kRetryAfterStreams = 2;

// Ten wrong keys at once are allowed for typing mistakes; after that a network may try one key every six seconds.
constexpr double kWrongKeysPerSecond = 1.0 / 6;
constexpr std::size_t kWrongKeysAtOnce = 10;
constexpr std::size_t kMostNetworks = 4096;

// Let in for asking from this machine, not for knowing something.
bool is_admin_by_place(Access access, const AuthRules& rules) {
  return access == Access::admin && rules.admin.token.empty() && !rules.admin.allow_remote;
}

bool is_right_host(Access access, const AuthRules& rules, bool authenticates, std::string_view host) {
  // A name that is allowed is one by which others come, through a proxy on this machine.
  if (is_admin_by_place(access, rules)) return base::is_own_host(host, {});
  if (rules.allowed_hosts.empty() && !(rules.on_loopback && !authenticates)) return true;
  return base::is_own_host(host, rules.allowed_hosts);
}

const std::vector<std::string> kNoOrigins;

const std::vector<std::string>& origins_of(Access access, const AuthRules& rules) {
  return access == Access::admin ? kNoOrigins : rules.allowed_origins;
}

Problem wrong_host() {
  return {.status = 421,
          .message = "This server is not known by that name; name it in allowed_hosts if it should be",
          .code = "unknown_host"};
}

Problem too_many_streams() {
  return {.status = 429,
          .message = "Too many of your answers are being written at present",
          .code = "too_many_streams",
          .retry_after_seconds = kRetryAfterStreams};
}

Problem too_fast(std::chrono::seconds wait) {
  return {.status = 429,
          .message = "You are asking too quickly",
          .code = "rate_limit_exceeded",
          .retry_after_seconds = static_cast<int>(wait.count())};
}

// With passwords configured, the 401 carries a Basic challenge, so that browsers show their dialog.
Problem not_authenticated(const base::Error& error, const std::string& challenge, const base::HttpRequest& request) {
  const bool was_password =
      !challenge.empty() && bearer_of(request).empty() && !request.header("authorization").empty();
  return {.status = 401,
          .message = was_password ? "The user name or the password is wrong" : error.message,
          .code = "invalid_api_key",
          .challenge = challenge};
}

}  // namespace

AuthMiddleware::AuthMiddleware(const access::Authenticator& authenticator, access::UserLimits& limits, AuthRules rules)
    : authenticator_(authenticator),
      limits_(limits),
      wrong_keys_({.requests_per_second = kWrongKeysPerSecond, .burst = kWrongKeysAtOnce}, nullptr, kMostNetworks),
      wrong_key_logs_({.requests_per_second = 1.0 / 60, .burst = 1}, nullptr, kMostNetworks),
      rules_(std::make_shared<const AuthRules>(std::move(rules))) {}

void AuthMiddleware::replace(AuthRules rules) {
  auto replacement = std::make_shared<const AuthRules>(std::move(rules));
  const std::lock_guard lock(mutex_);
  rules_.swap(replacement);
}

std::shared_ptr<const AuthRules> AuthMiddleware::rules() const {
  const std::lock_guard lock(mutex_);
  return rules_;
}

Parsed<Principal> AuthMiddleware::enter(Access access, const base::HttpRequest& request, Moment now) const {
  const auto rules = this->rules();
  if (!is_right_host(access, *rules, authenticator_.is_on() || rules->authenticates, request.header("host"))) {
    return tl::unexpected(wrong_host());
  }
  // Browsers add a password or a certificate to requests of any page by themselves; a key only its page can add.
  const bool has_ambient_credentials = !request.user.empty() || rules->has_client_certificates;
  const auto& origins = has_ambient_credentials ? kNoOrigins : origins_of(access, *rules);
  if (const auto problem = check_same_site(request, origins)) return tl::unexpected(*problem);
  switch (access) {
    case Access::everyone: return Principal{};
    case Access::user:
    case Access::turn: return enter_as_user(access, *rules, request, now);
    case Access::admin: break;
  }
  if (const auto problem = check_admin(request, rules->admin))
    return tl::unexpected(problem->status == 401 ? wrong_key(*problem, request, now) : *problem);
  if (const auto problem = check_admin_body(request)) return tl::unexpected(*problem);
  return Principal{};
}

std::string AuthMiddleware::allowed_origin(Access access, const base::HttpRequest& request) const {
  return std::string(api::allowed_origin(request, origins_of(access, *rules())));
}

Parsed<Principal> AuthMiddleware::enter_as_user(Access access, const AuthRules& rules, const base::HttpRequest& request,
                                                Moment now) const {
  Principal principal;
  principal.user = request.user;
  if (principal.user.empty() && (authenticator_.is_on() || rules.authenticates)) {
    auto user = authenticator_.user_of(bearer_of(request), now.wall);
    if (!user)
      return tl::unexpected(wrong_key(not_authenticated(user.error(), rules.challenge, request), request, now));
    principal.user = std::move(*user);
  }
  // A user may be called like an address.
  const std::string limited =
      principal.user.empty() ? "from " + base::network_of(request.peer) : "user " + principal.user;
  if (const auto wait = limits_.check_rate(limited, now.steady)) return tl::unexpected(too_fast(*wait));
  if (access == Access::turn) {
    principal.stream = limits_.begin_stream(limited);
    if (!principal.stream) return tl::unexpected(too_many_streams());
  }
  return principal;
}

Problem AuthMiddleware::wrong_key(const Problem& refusal, const base::HttpRequest& request, Moment now) const {
  // A request without a key is not an attempt to guess one.
  if (bearer_of(request).empty()) return refusal;
  const std::string network = base::network_of(request.peer);
  const auto wait = wrong_keys_.check_rate(network, now.steady);
  if (!wait) return refusal;
  if (!wrong_key_logs_.check_rate(network, now.steady))
    base::log_warning("audit: repeated wrong keys: further ones get 429", {{"network", network}});
  return {.status = 429,
          .message = "Too many wrong keys from your network",
          .code = "too_many_wrong_keys",
          .retry_after_seconds = static_cast<int>(wait->count())};
}

}  // namespace chatcore::api

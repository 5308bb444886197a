#pragma once
// Authentication middleware: checks each request before it is handled: its host and origin, who sends it, and whether
// that user sends too many.

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/http_server.h"
#include "chatcore/access/authenticator.h"
#include "chatcore/access/user_limits.h"
#include "chatcore/api/access.h"
#include "chatcore/api/problem.h"

namespace chatcore::api {

// Who may use a route.
enum class Access {
  everyone,  // no check: health, metrics, the page that asks for a key
  user,      // an authenticated user; counts as a request
  turn,      // the same; also counts as a stream
  admin
};

// Can be replaced while serving.
struct AuthRules {
  AdminAccess admin = {};
  // Keys, tokens or passwords are configured. While a reload replaces one kind by another, none of them may be known
  // for a moment: nobody is let in then.
  bool authenticates = false;
  // WWW-Authenticate of a 401 when passwords are configured, which set HttpRequest::user; else empty.
  std::string challenge = {};
  bool has_client_certificates = false;
  bool on_loopback = true;                        // all listen addresses are loopback
  std::vector<std::string> allowed_hosts = {};    // names and addresses without port, besides those of loopback
  std::vector<std::string> allowed_origins = {};  // of other web pages that may send requests; never for admin routes
};

// The principal of an admitted request.
struct Principal {
  std::string user;  // empty without authentication
  std::unique_ptr<access::UserLimits::Stream> stream;
};

struct Moment {
  base::SteadyTime steady;
  base::WallTime wall;
};

// Thread-safe.
class AuthMiddleware {
 public:
  // Borrows both.
  AuthMiddleware(const access::Authenticator& authenticator, access::UserLimits& limits, AuthRules rules);

  void replace(AuthRules rules);
  // Problems: 401 (no key or a wrong one), 429 (a network that repeatedly sends wrong keys), 403 (another site,
  // not from loopback), 415 (an admin body that is not JSON), 421 (a host that is not ours), 429 with the seconds after
  // which it may be tried again.
  Parsed<Principal> enter(Access access, const base::HttpRequest& request, Moment now) const;
  // The request's Origin if its pages may read the response; else "".
  [[nodiscard]] std::string allowed_origin(Access access, const base::HttpRequest& request) const;

 private:
  [[nodiscard]] std::shared_ptr<const AuthRules> rules() const;
  Parsed<Principal> enter_as_user(Access access, const AuthRules& rules, const base::HttpRequest& request,
                                  Moment now) const;
  // `refusal` (401), or 429 when the peer's network has sent too many wrong keys; logs that as a warning.
  [[nodiscard]] Problem wrong_key(const Problem& refusal, const base::HttpRequest& request, Moment now) const;

  const access::Authenticator& authenticator_;
  access::UserLimits& limits_;
  mutable access::UserLimits wrong_keys_;      // by network
  mutable access::UserLimits wrong_key_logs_;  // lines of the log, by network
  mutable std::mutex mutex_;                   // for the copy of the pointer only
  std::shared_ptr<const AuthRules> rules_;
};

}  // namespace chatcore::api

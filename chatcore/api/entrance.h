#pragma once
// Who may come in, decided before a request is looked at any further: whose page it comes from, who sends it, and
// whether that user asks too much at a time.
//
// A browser can be tricked into sending requests: another site's page may post forms to us, and a name that its owner
// points at 127.0.0.1 makes our answers readable to that page (DNS rebinding). Where being on this machine is all that
// lets a request in, it must therefore name this machine as its host; and a change must not come from another site.

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

// Whom a route is for.
enum class Access {
  everyone,  // no question asked: health, metrics, the page that asks for a key
  user,      // whoever authenticates; counted among their requests
  turn,      // the same, and an answer will be made: counted among their answers under way
  admin
};

// Can be replaced while serving.
struct EntranceRules {
  AdminAccess admin = {};
  bool on_loopback = true;                        // every address that is listened on is this machine's own
  std::vector<std::string> allowed_hosts = {};    // names and addresses without port, besides those of loopback
  std::vector<std::string> allowed_origins = {};  // of pages elsewhere that may ask; never for admin routes
};

// What the answer to an admitted request holds on to.
struct Visitor {
  std::string user;  // empty without authentication
  std::unique_ptr<access::UserLimits::Stream> stream;
};

struct Moment {
  base::SteadyTime steady;
  base::WallTime wall;
};

// Thread-safe.
class Entrance {
 public:
  // Borrows both.
  Entrance(const access::Authenticator& authenticator, access::UserLimits& limits, EntranceRules rules);

  void replace(EntranceRules rules);
  // Problems: 401 (no key or a wrong one; 429 for a network that sends wrong ones again and again), 403 (another site,
  // not from loopback), 415 (an admin body that is not JSON), 421 (a host that is not ours), 429 with the seconds after
  // which it may be tried again.
  Parsed<Visitor> enter(Access access, const base::HttpRequest& request, Moment now) const;
  // The origin of the page that may read the answer; "" when the request comes from no such page.
  [[nodiscard]] std::string allowed_origin(Access access, const base::HttpRequest& request) const;

 private:
  [[nodiscard]] std::shared_ptr<const EntranceRules> rules() const;
  Parsed<Visitor> enter_as_user(Access access, const base::HttpRequest& request, Moment now) const;
  // Whoever sends wrong keys one after the other gets 429 instead of 401 from then on, and stands in the log.
  [[nodiscard]] Problem wrong_key(const Problem& refusal, const base::HttpRequest& request, Moment now) const;

  const access::Authenticator& authenticator_;
  access::UserLimits& limits_;
  mutable access::UserLimits wrong_keys_;      // by network
  mutable access::UserLimits wrong_key_logs_;  // lines of the log, by network
  mutable std::mutex mutex_;                   // for the copy of the pointer only
  std::shared_ptr<const EntranceRules> rules_;
};

// Who is limited together where nobody has a name: an IPv4 address, or the 64 bits of an IPv6 one that a network has.
std::string network_of(const std::string& peer);

}  // namespace chatcore::api

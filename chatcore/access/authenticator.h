#pragma once
// Who asks: an API key or a signed token, as `Authorization: Bearer …`, becomes a user's name. What is accepted can be
// replaced while requests are answered (SIGHUP).

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "base/units.h"
#include "chatcore/access/jwt.h"
#include "chatcore/access/key_ring.h"

namespace chatcore::access {

// As configured; empty file names: not used.
struct CredentialFiles {
  std::string keys_file;
  std::string jwt_secret_file;
  std::vector<std::string> jwt_previous_secret_files;  // of secrets that have been replaced, while their tokens live
  std::string jwt_issuer;
  std::string jwt_audience;
  base::Duration jwt_leeway{0};
};

// What is accepted. Neither: authentication is off.
struct Credentials {
  std::optional<KeyRing> keys;
  std::optional<JwtRules> jwt;

  [[nodiscard]] bool any() const { return keys || jwt; }
};

struct ReadCredentials {
  Credentials credentials = {};
  // Without any, the credentials may be used. In words for the operator: what cannot be read, an empty or short secret,
  // wrong lines; never with a secret in them.
  std::vector<std::string> errors = {};
};
ReadCredentials read_credentials(const CredentialFiles& files);

// Thread-safe.
class Authenticator {
 public:
  explicit Authenticator(Credentials credentials)
      : credentials_(std::make_shared<const Credentials>(std::move(credentials))) {}

  void replace(Credentials credentials);
  [[nodiscard]] bool is_on() const { return accepted()->any(); }
  // `bearer` is what follows "Bearer " in the header. Errors: permission_denied, in words for whoever asks.
  [[nodiscard]] base::Result<std::string> user_of(std::string_view bearer, base::WallTime now) const;

 private:
  [[nodiscard]] std::shared_ptr<const Credentials> accepted() const;

  // Held for the copy of a pointer only. (libstdc++ 12's atomic shared_ptr takes a lock of its own, which
  // ThreadSanitizer cannot follow.)
  mutable std::mutex mutex_;
  std::shared_ptr<const Credentials> credentials_;
};

// What follows the scheme "Bearer" (in any case) of an Authorization header; "" when it is of another scheme.
std::string_view bearer_of(std::string_view authorization);

}  // namespace chatcore::access

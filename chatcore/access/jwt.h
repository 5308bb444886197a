#pragma once
// Who a signed token speaks for: JSON Web Tokens (RFC 7519) in compact form, signed with HS256 and nothing else.
//
// The signature is checked before anything of the token is parsed, with the one algorithm and the few keys that are
// configured: what the header says about algorithms and keys never chooses anything. A token whose header asks for
// another algorithm ("none", "RS256", "hs256"), holds a name twice, or marks an extension as critical is refused though
// its signature be right; names of keys (kid, jku, jwk, x5u, x5c) are not looked at.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "base/units.h"

namespace chatcore::access {

// HMAC's key should be no shorter than its output (RFC 7518 section 3.2); a shorter one can be guessed offline from
// any one token.
inline constexpr std::size_t kMinSecretBytes = 32;
inline constexpr std::size_t kMaxTokenBytes = 8192;
// Each is tried on every token.
inline constexpr std::size_t kMaxSecrets = 4;

struct JwtRules {
  std::vector<std::string> secrets;                  // each at least kMinSecretBytes; any of them may have signed
  std::string issuer;                                // empty: `iss` is not looked at
  std::string audience;                              // empty: `aud` is not looked at; else it must be it, or among it
  base::Duration leeway = std::chrono::seconds(30);  // for clocks that differ, on exp and nbf
};

// The user: `sub`, else `userId` (text or a whole number). A token without `exp` does not expire.
// Errors: permission_denied, in words that may be shown to whoever sent the token.
base::Result<std::string> user_of_jwt(std::string_view token, const JwtRules& rules, base::WallTime now);

// Strict base64url (RFC 4648 section 5): no padding, no line ends, no bits beyond the last byte. Nothing for all else.
std::optional<std::string> decode_base64url(std::string_view text);

}  // namespace chatcore::access

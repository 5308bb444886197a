#pragma once
// Basic authentication (RFC 7617) against bcrypt hashes, by the C library's crypt(3). A hash takes tens of milliseconds
// or more, on purpose: it is computed on a thread that may block, once, and the result is remembered.

#include <cstddef>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>

#include "base/digest.h"

namespace base {

// "$2y$10$…", also 2a and 2b, with a cost from 4 to 31.
bool is_bcrypt_hash(std::string_view text);

struct UserAndPassword {
  std::string user;
  std::string password;
};
// What an Authorization header of the scheme Basic holds; nothing for another scheme, or a header that is malformed.
std::optional<UserAndPassword> parse_basic_authorization(std::string_view header);
// The value of WWW-Authenticate by which a 401 asks for a user and a password.
std::string basic_challenge(std::string_view realm);

// Thread-safe.
class BasicAuth {
 public:
  // Passwords that `previous` knew to be right are known for users whose hash has not changed. REQUIRES: each hash
  // is_bcrypt_hash().
  explicit BasicAuth(std::map<std::string, std::string> users, const BasicAuth* previous = nullptr);

  // Whether the password is right, as far as that is known from an earlier check(). Does not block.
  [[nodiscard]] std::optional<bool> cached_result(const UserAndPassword& given) const;
  // Computes it. For a user that does not exist it takes as long as for the one whose hash is the most costly.
  [[nodiscard]] bool check(const UserAndPassword& given) const;

 private:
  [[nodiscard]] std::string key_of(const UserAndPassword& given) const;
  [[nodiscard]] bool compute(const UserAndPassword& given) const;

  const std::map<std::string, std::string> users_;
  const std::string dummy_hash_;  // that no password has
  const Digest secret_;           // the cache holds digests under it, not passwords
  mutable std::mutex mutex_;
  mutable std::map<std::string, std::string> known_right_;  // by user
  mutable std::unordered_set<std::string> known_wrong_;     // bounded; wrong passwords never evict right ones
};

}  // namespace base

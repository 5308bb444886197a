#pragma once
// Users and their API keys, as the operator writes them into a file, one a line:
//
//   # comment
//   alice:sk-…                                       the key itself
//   bob:sha256:9f86d081884c7d659a2feaa0c55ad015…     its SHA-256 in hexadecimal; the file then holds no secret
//
// A user may have several keys, so that one can be replaced before the old one goes. In memory there are only digests,
// made under a random key of this process: what a search's timing could tell is nothing that anybody can compute.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/digest.h"
#include "base/result.h"

namespace chatcore::access {

inline constexpr std::size_t kMinKeyBytes = 16;  // shorter ones could be guessed by trying
inline constexpr std::size_t kMaxKeyBytes = 512;
inline constexpr std::size_t kMaxKeys = 10'000;

// Immutable once made; may be asked from any thread.
class KeyRing {
 public:
  // `name` is the file's name as errors shall show it. Errors: invalid_argument, which tells every wrong line by its
  // number and never what stands in it; no key at all is one too.
  static base::Result<KeyRing> parse(std::string_view text, const std::string& name);

  // The key's user, null for a key that is nobody's.
  [[nodiscard]] const std::string* user_of(std::string_view key) const;
  [[nodiscard]] std::size_t size() const { return users_.size(); }

 private:
  struct Entry {
    base::Digest digest;
    std::string user;
  };

  KeyRing() : salt_(base::random_digest()) {}
  // What a key is known by: found by index_of() it, compared as a whole.
  [[nodiscard]] base::Digest mark_of(const base::Digest& of_key) const {
    return base::hmac_sha256(base::view_of(salt_), base::view_of(of_key));
  }
  // "" when it was taken, else what is wrong with the line.
  std::string add(std::string_view line);

  base::Digest salt_;
  std::unordered_map<std::uint64_t, Entry> users_;
};

}  // namespace chatcore::access

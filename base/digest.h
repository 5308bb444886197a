#pragma once
// The cryptographic primitives that identify users and texts. Only digest.cc includes OpenSSL's digest
// headers (TLS: tls.cc). A failure of OpenSSL
// (out of memory, a broken installation) ends the process: no authentication result could be trusted.

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace base {

using Digest = std::array<unsigned char, 32>;

Digest sha256(std::string_view text);

// SHA-256 of a text that arrives in pieces. A copy has the state so far and continues independently.
class Sha256 {
 public:
  Sha256();
  Sha256(const Sha256& other);
  Sha256& operator=(const Sha256& other);
  ~Sha256();

  void add(std::string_view piece);
  // The digest of all pieces so far; more may be added after it.
  [[nodiscard]] Digest value() const;

 private:
  struct Context;
  std::unique_ptr<Context> context_;
};
Digest hmac_sha256(std::string_view key, std::string_view text);
// Unpredictable bytes.
Digest random_digest();

// Take the same time wherever the two differ. The length is not secret.
bool is_equal_in_constant_time(std::string_view a, std::string_view b);
bool is_equal_in_constant_time(const Digest& a, const Digest& b);

std::string encode_base64(std::string_view text);
// Strict base64 (RFC 4648 section 4), padded. Nothing for all else.
std::optional<std::string> decode_base64(std::string_view text);

// The bytes as text, for functions that take text.
inline std::string_view view_of(const Digest& digest) {
  return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}

}  // namespace base

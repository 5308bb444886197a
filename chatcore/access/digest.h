#pragma once
// The primitives that telling users and texts apart rests on. OpenSSL is met in digest.cc alone; a failure of it (out
// of memory, a broken installation) ends the process, since no answer about who may enter can be trusted then.

#include <array>
#include <memory>
#include <string>
#include <string_view>

namespace chatcore::access {

using Digest = std::array<unsigned char, 32>;

Digest sha256(std::string_view text);

// The same of a text that comes in pieces. Copies go on by themselves.
class Sha256 {
 public:
  Sha256();
  Sha256(const Sha256& other);
  Sha256& operator=(const Sha256& other);
  ~Sha256();

  void add(std::string_view piece);
  // Of all pieces so far.
  [[nodiscard]] Digest value() const;

 private:
  struct Context;
  std::unique_ptr<Context> context_;
};
Digest hmac_sha256(std::string_view key, std::string_view text);
// Unpredictable bytes.
Digest random_digest();

// Take the same time wherever the two differ. The length of a secret is none.
bool is_equal_in_constant_time(std::string_view a, std::string_view b);
bool is_equal_in_constant_time(const Digest& a, const Digest& b);

// The bytes as text, for functions that take text.
inline std::string_view view_of(const Digest& digest) {
  return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}

}  // namespace chatcore::access

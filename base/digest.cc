#include "base/digest.h"

#include <cstdlib>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

namespace base {

Digest sha256(std::string_view text) {
  Digest digest{};
  unsigned length = 0;
  if (EVP_Digest(text.data(), text.size(), digest.data(), &length, EVP_sha256(), nullptr) != 1 ||
      length != digest.size()) {
    std::abort();
  }
  return digest;
}

struct Sha256::Context {
  Context() : state(EVP_MD_CTX_new()) {
    if (state == nullptr) std::abort();
  }
  ~Context() { EVP_MD_CTX_free(state); }
  Context(const Context& other) : Context() { *this = other; }
  Context& operator=(const Context& other) {
    if (EVP_MD_CTX_copy_ex(state, other.state) != 1) std::abort();
    return *this;
  }

  EVP_MD_CTX* state;
};

Sha256::Sha256() : context_(std::make_unique<Context>()) {
  if (EVP_DigestInit_ex(context_->state, EVP_sha256(), nullptr) != 1) std::abort();
}

Sha256::~Sha256() = default;

Sha256::Sha256(const Sha256& other) : context_(std::make_unique<Context>(*other.context_)) {}

Sha256& Sha256::operator=(const Sha256& other) {
  *context_ = *other.context_;
  return *this;
}

void Sha256::add(std::string_view piece) {
  if (EVP_DigestUpdate(context_->state, piece.data(), piece.size()) != 1) std::abort();
}

Digest Sha256::value() const {
  Context last(*context_);
  Digest digest{};
  unsigned length = 0;
  if (EVP_DigestFinal_ex(last.state, digest.data(), &length) != 1 || length != digest.size()) std::abort();
  return digest;
}

Digest hmac_sha256(std::string_view key, std::string_view text) {
  Digest digest{};
  unsigned length = 0;
  const auto* bytes = reinterpret_cast<const unsigned char*>(text.data());
  if (!HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), bytes, text.size(), digest.data(), &length) ||
      length != digest.size()) {
    std::abort();
  }
  return digest;
}

Digest random_digest() {
  Digest digest{};
  if (RAND_bytes(digest.data(), static_cast<int>(digest.size())) != 1) std::abort();
  return digest;
}

std::string encode_base64(std::string_view text) {
  std::string encoded(4 * ((text.size() + 2) / 3) + 1, '\0');  // with the NUL that OpenSSL adds
  EVP_EncodeBlock(reinterpret_cast<unsigned char*>(encoded.data()), reinterpret_cast<const unsigned char*>(text.data()),
                  static_cast<int>(text.size()));
  encoded.pop_back();
  return encoded;
}

std::optional<std::string> decode_base64(std::string_view text) {
  const auto end = text.find_last_not_of('=') + 1;
  const std::size_t padding = text.size() - end;
  constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  if (text.size() % 4 != 0 || padding > 2 || text.find_first_not_of(kAlphabet) < end) return std::nullopt;
  std::string decoded(text.size() / 4 * 3, '\0');
  auto* const bytes = reinterpret_cast<unsigned char*>(decoded.data());
  const auto* const written = reinterpret_cast<const unsigned char*>(text.data());
  if (EVP_DecodeBlock(bytes, written, static_cast<int>(text.size())) < 0) return std::nullopt;
  decoded.resize(decoded.size() - padding);
  return decoded;
}

bool is_equal_in_constant_time(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

bool is_equal_in_constant_time(const Digest& a, const Digest& b) {
  return CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace base

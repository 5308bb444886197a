#include "chatcore/access/authenticator.h"

#include <cerrno>
#include <fstream>
#include <utility>

namespace chatcore::access {
namespace {

constexpr std::size_t kMaxFileBytes = 2u << 20;

base::Result<std::string> read_file(const std::string& setting, const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return base::fail(base::error_from_errno(errno, setting + ": open " + path));
  std::string text(kMaxFileBytes + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (file.bad()) return base::fail(base::error_from_errno(errno, setting + ": read " + path));
  text.resize(static_cast<std::size_t>(file.gcount()));
  if (text.size() > kMaxFileBytes) return base::fail(base::Code::too_large, setting + ": " + path + " is over 2 MiB");
  return text;
}

base::Result<JwtRules> read_rules(const CredentialFiles& files) {
  auto secret = read_file("auth.jwt_secret_file", files.jwt_secret_file);
  if (!secret) return base::fail(secret.error());
  // Editors and `echo` end a file with a line end, which is no part of the secret.
  if (secret->ends_with('\n')) secret->pop_back();
  if (secret->ends_with('\r')) secret->pop_back();
  if (secret->size() < kMinSecretBytes) {
    return base::fail(base::Code::invalid_argument,
                      "auth.jwt_secret_file: " + files.jwt_secret_file + " holds " + std::to_string(secret->size()) +
                          " bytes, but a secret shorter than 32 can be guessed from any token; `openssl rand -hex 32` "
                          "makes a good one");
  }
  return JwtRules{.secret = std::move(*secret),
                  .issuer = files.jwt_issuer,
                  .audience = files.jwt_audience,
                  .leeway = files.jwt_leeway};
}

}  // namespace

base::Result<Credentials> read_credentials(const CredentialFiles& files) {
  Credentials credentials;
  if (!files.keys_file.empty()) {
    const auto text = read_file("auth.keys_file", files.keys_file);
    if (!text) return base::fail(text.error());
    auto keys = KeyRing::parse(*text, files.keys_file);
    if (!keys) return base::fail(keys.error().within("auth.keys_file"));
    credentials.keys = std::move(*keys);
  }
  if (!files.jwt_secret_file.empty()) {
    auto rules = read_rules(files);
    if (!rules) return base::fail(rules.error());
    credentials.jwt = std::move(*rules);
  }
  return credentials;
}

void Authenticator::replace(Credentials credentials) {
  auto replacement = std::make_shared<const Credentials>(std::move(credentials));
  const std::lock_guard lock(mutex_);
  credentials_.swap(replacement);
}

std::shared_ptr<const Credentials> Authenticator::accepted() const {
  const std::lock_guard lock(mutex_);
  return credentials_;
}

base::Result<std::string> Authenticator::user_of(std::string_view bearer, base::WallTime now) const {
  const auto credentials = accepted();
  if (bearer.empty()) {
    return base::fail(base::Code::permission_denied, "An API key or token is needed, as \"Authorization: Bearer …\"");
  }
  if (credentials->keys) {
    if (const std::string* user = credentials->keys->user_of(bearer)) return *user;
  }
  if (credentials->jwt) return user_of_jwt(bearer, *credentials->jwt, now);
  return base::fail(base::Code::permission_denied, "The key or token is not valid");
}

std::string_view bearer_of(std::string_view authorization) {
  constexpr std::string_view kScheme = "bearer ";
  if (authorization.size() <= kScheme.size()) return "";
  for (std::size_t i = 0; i < kScheme.size(); ++i) {
    const char c = authorization[i];
    if ((c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c) != kScheme[i]) return "";
  }
  return authorization.substr(kScheme.size());
}

}  // namespace chatcore::access

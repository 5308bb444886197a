#include "chatcore/access/authenticator.h"

#include <utility>

#include "chatcore/access/named_file.h"

namespace chatcore::access {
namespace {

constexpr std::size_t kMaxFileBytes = 2u << 20;

base::Result<std::string> read_secret(const std::string& setting, const std::string& path) {
  auto secret = read_named_file(setting, path, kMaxFileBytes);
  if (!secret) return secret;
  // Editors and `echo` end a file with a line end, which is no part of the secret.
  if (secret->ends_with('\n')) secret->pop_back();
  if (secret->ends_with('\r')) secret->pop_back();
  if (secret->size() >= kMinSecretBytes) return secret;
  const std::string problem = "holds " + std::to_string(secret->size()) +
                              " bytes, but a secret shorter than 32 can be guessed from any token; `openssl rand -hex "
                              "32` makes a good one";
  return base::fail(file_error(setting, path, {base::Code::invalid_argument, problem}));
}

void read_keys(const std::string& path, ReadCredentials& read) {
  auto text = read_named_file("auth.keys_file", path, kMaxFileBytes);
  if (!text) return read.errors.push_back(text.error().message);
  auto keys = KeyRing::parse(*text, path);
  if (!keys) return read.errors.push_back("auth.keys_file: " + keys.error().message);
  read.credentials.keys = std::move(*keys);
}

void read_rules(const CredentialFiles& files, ReadCredentials& read) {
  JwtRules rules{.secrets = {}, .issuer = files.jwt_issuer, .audience = files.jwt_audience, .leeway = files.jwt_leeway};
  const auto add = [&](const std::string& setting, const std::string& path) {
    if (auto secret = read_secret(setting, path))
      rules.secrets.push_back(std::move(*secret));
    else
      read.errors.push_back(secret.error().message);
  };
  add("auth.jwt_secret_file", files.jwt_secret_file);
  for (const auto& path : files.jwt_previous_secret_files) add("auth.jwt_previous_secret_files", path);
  read.credentials.jwt = std::move(rules);
}

}  // namespace

ReadCredentials read_credentials(const CredentialFiles& files) {
  ReadCredentials read;
  if (!files.keys_file.empty()) read_keys(files.keys_file, read);
  if (!files.jwt_secret_file.empty()) {
    read_rules(files, read);
  } else if (!files.jwt_previous_secret_files.empty()) {
    read.errors.emplace_back("auth.jwt_previous_secret_files: means nothing without auth.jwt_secret_file");
  }
  if (files.jwt_previous_secret_files.size() >= kMaxSecrets) {
    read.errors.emplace_back("auth.jwt_previous_secret_files: names more than 3 files");
  }
  return read;
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
  constexpr std::string_view kScheme = "bearer";
  const auto is_space = [](char c) { return c == ' ' || c == '\t'; };
  if (authorization.size() <= kScheme.size() || !is_space(authorization[kScheme.size()])) return "";
  for (std::size_t i = 0; i < kScheme.size(); ++i) {
    const char c = authorization[i];
    if ((c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c) != kScheme[i]) return "";
  }
  // Some clients send several spaces, or some at the end.
  authorization.remove_prefix(kScheme.size());
  while (!authorization.empty() && is_space(authorization.front())) authorization.remove_prefix(1);
  while (!authorization.empty() && is_space(authorization.back())) authorization.remove_suffix(1);
  return authorization;
}

}  // namespace chatcore::access

#include "chatcore/command/access_parts.h"

#include <cerrno>
#include <fstream>
#include <utility>

namespace chatcore::command {
namespace {

// More is a mistake, and would be read into memory.
constexpr std::size_t kMaxTokenBytes = 4096;

base::Result<std::string> read_token(const std::string& path) {
  if (path.empty()) return std::string();
  std::ifstream file(path);
  if (!file) return base::fail(base::error_from_errno(errno, "admin.token_file: open " + path));
  std::string token;
  std::getline(file, token);
  if (token.empty() || token.size() > kMaxTokenBytes) {
    return base::fail(base::Code::invalid_argument, "admin.token_file " + path + ": its first line must be the token");
  }
  return token;
}

}  // namespace

AccessParts read_access(const Config& config, bool on_loopback) {
  AccessParts parts;
  for (const auto& error : check_authentication(config, on_loopback)) {
    parts.errors.push_back(error.where + ": " + error.message);
  }
  auto credentials = access::read_credentials({.keys_file = config.auth.keys_file,
                                               .jwt_secret_file = config.auth.jwt_secret_file,
                                               .jwt_issuer = config.auth.jwt_issuer,
                                               .jwt_audience = config.auth.jwt_audience,
                                               .jwt_leeway = config.auth.jwt_leeway});
  if (credentials)
    parts.credentials = std::move(*credentials);
  else
    parts.errors.push_back(credentials.error().message);
  auto token = read_token(config.admin.token_file);
  if (!token) parts.errors.push_back(token.error().message);
  parts.limits = {.requests_per_second = config.limits.user_rate,
                  .burst = config.limits.user_burst,
                  .streams = config.limits.user_streams};
  parts.rules = {.admin = {.token = token.value_or(""), .allow_remote = config.admin.allow_remote},
                 .on_loopback = on_loopback,
                 .allowed_hosts = config.allowed_hosts};
  return parts;
}

}  // namespace chatcore::command

#include "chatcore/command/access_parts.h"

#include <utility>

#include "chatcore/command/secret_file.h"

namespace chatcore::command {
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
  base::Result<std::string> token = std::string();
  if (!config.admin.token_file.empty()) token = read_secret("admin.token_file", config.admin.token_file);
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

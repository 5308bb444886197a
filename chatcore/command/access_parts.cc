#include "chatcore/command/access_parts.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "chatcore/command/database.h"
#include "chatcore/command/language_parts.h"
#include "chatcore/command/secret_file.h"
#include "chatcore/storage/database_url.h"

namespace chatcore::command {
namespace {

// What the files say.
AccessParts read_files(const Config& config) {
  auto read = access::read_credentials({.keys_file = config.auth.keys_file,
                                        .jwt_secret_file = config.auth.jwt_secret_file,
                                        .jwt_previous_secret_files = config.auth.jwt_previous_secret_files,
                                        .jwt_issuer = config.auth.jwt_issuer,
                                        .jwt_audience = config.auth.jwt_audience,
                                        .jwt_leeway = config.auth.jwt_leeway});
  AccessParts parts{.credentials = std::move(read.credentials), .errors = std::move(read.errors)};
  if (config.admin.token_file.empty()) return parts;
  if (auto token = read_secret("admin.token_file", config.admin.token_file))
    parts.rules.admin.token = std::move(*token);
  else
    parts.errors.push_back(token.error().message);
  return parts;
}

}  // namespace

std::vector<std::string> check_files(const Config& config) {
  std::vector<std::string> errors = read_files(config).errors;
  std::ranges::move(read_backend_keys(config).errors, std::back_inserter(errors));
  if (auto url = database_url(config); !url) errors.push_back(url.error().message);
  return errors;
}

AccessParts read_access(const Config& config, bool on_loopback) {
  AccessParts parts = read_files(config);
  for (const auto& error : check_authentication(config, on_loopback)) {
    parts.errors.push_back(error.where + ": " + error.message);
  }
  parts.limits = {.requests_per_second = config.limits.user_rate,
                  .burst = config.limits.user_burst,
                  .streams = config.limits.user_streams};
  parts.rules.admin.allow_remote = config.admin.allow_remote;
  const auto database = database_url(config);
  parts.rules.admin.needs_token = !on_loopback || (database && storage::is_on_network(*database));
  parts.rules.on_loopback = on_loopback;
  parts.rules.allowed_origins = config.allowed_origins;
  parts.rules.allowed_hosts = config.allowed_hosts;
  return parts;
}

}  // namespace chatcore::command

#include "chatcore/command/access_parts.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "base/web/basic_auth.h"
#include "chatcore/access/user_name.h"
#include "chatcore/command/database.h"
#include "chatcore/command/language_parts.h"
#include "chatcore/command/secret_file.h"
#include "chatcore/storage/database_url.h"

namespace chatcore::command {
namespace {

void read_web_config(const Config& config, AccessParts& parts) {
  if (config.web_config_file.empty()) return;
  auto read = base::load_web_config(config.web_config_file);
  for (const auto& problem : read.problems) parts.errors.push_back(to_string(problem));
  if (!read.config) return;
  for (const auto& [name, hash] : read.config->users) {
    if (!access::is_user_name(name))
      parts.errors.push_back(config.web_config_file + ": basic_auth_users: invalid user name: " + name);
  }
  parts.web = std::move(*read.config);
}

// Whether a server that others can reach, or that has to authenticate, knows any user.
void check_users(const Config& config, bool on_loopback, AccessParts& parts) {
  const bool needs_users =
      config.auth.required == AuthRequired::yes || (config.auth.required == AuthRequired::automatic && !on_loopback);
  if (!parts.errors.empty() || config.web_config_file.empty()) return;
  if (config.auth.required == AuthRequired::no && !parts.web.users.empty()) {
    parts.errors.push_back("auth.required: is false, but " + config.web_config_file +
                           " has basic_auth_users: remove one of them");
  }
  if (parts.credentials.any()) return;
  const bool allows_any_page =
      std::ranges::any_of(config.allowed_origins, [](const auto& origin) { return origin == "*" || origin == "null"; });
  // A browser presents a client certificate for every page.
  if (allows_any_page && parts.web.users.empty()) {
    parts.errors.push_back(
        "allowed_origins: \"*\" and \"null\" require keys, tokens or passwords: set one of them, or list the origins");
  }
  if (!needs_users || parts.web.authenticates()) return;
  parts.errors.push_back(config.web_config_file +
                         ": basic_auth_users: missing. Authentication is required: add users, client_auth_type: "
                         "RequireAndVerifyClientCert, auth.keys_file or auth.jwt_secret_file");
}

// What the files say.
AccessParts read_files(const Config& config, bool on_loopback) {
  auto read = access::read_credentials({.keys_file = config.auth.keys_file,
                                        .jwt_secret_file = config.auth.jwt_secret_file,
                                        .jwt_previous_secret_files = config.auth.jwt_previous_secret_files,
                                        .jwt_issuer = config.auth.jwt_issuer,
                                        .jwt_audience = config.auth.jwt_audience,
                                        .jwt_leeway = config.auth.jwt_leeway});
  AccessParts parts{.credentials = std::move(read.credentials), .errors = std::move(read.errors)};
  read_web_config(config, parts);
  check_users(config, on_loopback, parts);
  if (config.admin.token_file.empty()) return parts;
  if (auto token = read_secret("admin.token_file", config.admin.token_file))
    parts.rules.admin.token = std::move(*token);
  else
    parts.errors.push_back(token.error().message);
  return parts;
}

}  // namespace

std::vector<std::string> check_files(const Config& config) {
  std::vector<std::string> errors = read_files(config, is_loopback(config.listen)).errors;
  std::ranges::move(read_backend_keys(config).errors, std::back_inserter(errors));
  if (auto url = database_url(config); !url) errors.push_back(url.error().message);
  return errors;
}

AccessParts read_access(const Config& config, bool on_loopback) {
  AccessParts parts = read_files(config, on_loopback);
  for (const auto& error : check_authentication(config, on_loopback)) {
    parts.errors.push_back(error.where + ": " + error.message);
  }
  if (!parts.web.users.empty()) parts.rules.challenge = base::basic_challenge("chatcore");
  parts.rules.authenticates = !parts.web.users.empty() || parts.credentials.any();
  parts.rules.has_client_certificates =
      parts.web.tls && parts.web.tls->client_certificate != base::ClientCertificate::none;
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

#pragma once
// What decides who may come in, read from the configuration and the files that it names: once at the start, and anew
// with every reload.

#include <string>
#include <vector>

#include "base/web/web_config.h"
#include "chatcore/access/authenticator.h"
#include "chatcore/access/user_limits.h"
#include "chatcore/api/auth_middleware.h"
#include "chatcore/config.h"

namespace chatcore::command {

struct AccessParts {
  access::Credentials credentials = {};
  access::UserLimitSettings limits = {};
  api::AuthRules rules = {};
  base::WebConfigFile web = {};
  std::vector<std::string> errors = {};  // without any, the rest may be used; never with a secret in them
};

// What is wrong with the files of keys and secrets that the configuration names, the database's and the backends' too;
// and with settings that belong together. Never with a secret in it.
std::vector<std::string> check_files(const Config& config);

// `on_loopback`: every address listened on is this machine's own.
AccessParts read_access(const Config& config, bool on_loopback);

}  // namespace chatcore::command

#pragma once
// What decides who may come in, read from the configuration and the files that it names: once at the start, and anew
// with every reload.

#include <string>
#include <vector>

#include "chatcore/access/authenticator.h"
#include "chatcore/access/user_limits.h"
#include "chatcore/api/entrance.h"
#include "chatcore/config.h"

namespace chatcore::command {

struct AccessParts {
  access::Credentials credentials = {};
  access::UserLimitSettings limits = {};
  api::EntranceRules rules = {};
  std::vector<std::string> errors = {};  // without any, the rest may be used; never with a secret in them
};

// `on_loopback`: every address listened on is this machine's own.
AccessParts read_access(const Config& config, bool on_loopback);

}  // namespace chatcore::command

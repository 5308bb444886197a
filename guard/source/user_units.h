#pragma once
// Units of users' own service managers, by their cgroups:
// /user.slice/user-UID.slice/user@UID.service/….slice/x.service. Users may make cgroups of any name below their
// managers' own: nothing is looked for within services and scopes, where a container may have a service manager of its
// own, and a user with very many cgroups hides no other's unit.

#include <string>

#include "guard/source/systemd_unit.h"

namespace guard::source {

// The folder of /user.slice in the machine's cgroups; "" where there is none.
std::string user_slice_of(const std::string& root);

// The unit of that name below a user's manager: running, with its control group. absent when no user has it; unknown
// when several have, or when none has among the users whose cgroups could be looked through. Looks at a bounded number
// of folders of each user. Blocks as reading folders does.
SystemdUnit find_user_unit(const std::string& unit, const std::string& user_slice);

}  // namespace guard::source

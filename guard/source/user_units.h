#pragma once
// Units of users' own service managers, by their cgroups: /user.slice/user-UID.slice/user@UID.service/…/x.service.

#include <string>

#include "guard/source/systemd_unit.h"

namespace guard::source {

// The folder of /user.slice in the machine's cgroups; "" where there is none.
std::string user_slice_of(const std::string& root);

// The unit of that name below a user's manager: running, with its control group. absent when no user has it, unknown
// when several have. Looks at a bounded number of folders. Blocks as reading folders does.
SystemdUnit find_user_unit(const std::string& unit, const std::string& user_slice);

}  // namespace guard::source

#pragma once
// Units of users' own service managers, by their cgroups:
// /user.slice/user-UID.slice/user@UID.service/….slice/x.service. Users may make cgroups of any name below their
// managers' own: nothing is looked for within services and scopes, where a container may have a service manager of its
// own, and a user with very many cgroups hides no other's unit.

#include <string>

#include "guard/source/systemd/unit.h"

namespace guard::source {

// The folder of /user.slice in the machine's cgroups; "" where there is none.
std::string user_slice_of(const std::string& root);

// The unit of that name below a user's manager: running, with its control group. unknown when several users have it, or
// when not all cgroups could be looked through. Where none runs it: stopped when it `ran_before`; absent when no user
// has a manager; otherwise unknown: a unit that is stopped has no cgroup. User managers are not queried: root must not
// act on answers from a user's process. Looks at a bounded number of folders of each user. Blocks as reading
// folders does.
SystemdUnit find_user_unit(const std::string& unit, const std::string& user_slice, bool ran_before);

}  // namespace guard::source

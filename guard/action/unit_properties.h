#pragma once
// Caps of a systemd unit, set through systemd: what is written to its cgroup behind systemd's back is gone with the
// next daemon-reload.

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/systemd_bus.h"
#include "guard/sample/caps.h"
#include "guard/sample/cgroup.h"

namespace guard::action {

// The unit's properties for the fields that are set. Values as systemd.resource-control(5) has them; UINT64_MAX is
// "infinity". Pure.
std::vector<std::pair<std::string, std::uint64_t>> unit_properties(const sample::Caps& caps);

// Sets them until the next boot, and returns when systemd has written them to the cgroup. Blocks: from a worker only.
// Errors: unavailable, deadline_exceeded (systemd cannot be asked), not_found (no such unit), permission_denied,
// invalid_argument (systemd refuses a value).
base::Status set_unit_caps(const std::string& unit, const sample::Caps& caps,
                           const base::SystemdBusOptions& options = {});

// The same, or through the cgroup's files where systemd cannot be asked. `how` says which, in words.
base::Status apply_unit_caps(const std::string& unit, const sample::Cgroup& cgroup, const sample::Caps& caps,
                             const base::SystemdBusOptions& options, std::string& how);

}  // namespace guard::action

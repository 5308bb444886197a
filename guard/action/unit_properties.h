#pragma once
// Sets the caps of a systemd unit through systemd: limits written directly to its cgroup are lost with the next
// daemon-reload.

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/systemd_bus.h"
#include "guard/sample/caps.h"
#include "guard/sample/cgroup.h"

namespace guard::action {

// The properties for the fields that are set, as in systemd.resource-control(5); UINT64_MAX is "infinity". Pure.
std::vector<std::pair<std::string, std::uint64_t>> unit_properties(const sample::Caps& caps);

// Sets them until the next boot, and returns when systemd has written them to the cgroup. Blocks: use a worker. Errors:
// unavailable, deadline_exceeded (systemd cannot be reached), not_found (no such unit), permission_denied,
// invalid_argument (a refused value).
base::Status set_unit_caps(const std::string& unit, const sample::Caps& caps,
                           const base::SystemdBusOptions& options = {});

// The same, or by writing the cgroup's files when systemd cannot be reached. `how` receives which, as text.
base::Status apply_unit_caps(const std::string& unit, const sample::Cgroup& cgroup, const sample::Caps& caps,
                             const base::SystemdBusOptions& options, std::string& how);

}  // namespace guard::action

#pragma once
// The body of POST /containers/{id}/update for a set of caps: what to send beside a cap so that the engine takes it.
// Pure; the rules are told at EngineControl::update_caps.

#include <string>
#include <string_view>

#include "base/result.h"
#include "guard/sample/caps.h"

namespace guard::action {

// `described`: the engine's answer to GET /containers/{id}/json. "" when `caps` has nothing that an engine can set.
// Errors: invalid_argument (a cap that is no cap, a reservation above the memory), corrupt (`described`).
base::Result<std::string> container_update(const sample::Caps& caps, std::string_view described);

// The same for Podman's POST /libpod/containers/{id}/update: the runtime's own resources (OCI LinuxResources), every
// field that is left out stays.
base::Result<std::string> podman_update(const sample::Caps& caps, std::string_view described);

}  // namespace guard::action

#pragma once
// Builds the body of POST /containers/{id}/update for a set of caps, with the fields that the engine requires in
// addition. Pure; the rules are at EngineControl::update_caps.

#include <string>
#include <string_view>

#include "base/result.h"
#include "guard/sample/caps.h"

namespace guard::action {

// `described`: response of GET /containers/{id}/json. Returns "" when the engine can set none of the caps.
// Errors: invalid_argument (an invalid cap, a reservation above the memory limit), corrupt (`described`).
base::Result<std::string> container_update(const sample::Caps& caps, std::string_view described);

// The same for Podman's POST /libpod/containers/{id}/update: OCI LinuxResources; fields that are left out stay.
base::Result<std::string> podman_update(const sample::Caps& caps, std::string_view described);

}  // namespace guard::action

#pragma once
// Translates the engine's data on a container into identity, lifecycle and caps of a workload.

#include <cstdint>
#include <optional>

#include "guard/sample/snapshot.h"
#include "guard/source/docker/counts.h"
#include "guard/source/docker/parser.h"

namespace guard {

// `last_exit`: of the previous container with this name. A container that is not inspected yet is unknown.
void describe_container(const source::Container& container, std::uint64_t starts,
                        const std::optional<source::LastExit>& last_exit, sample::Workload& workload);

}  // namespace guard

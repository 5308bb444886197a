#pragma once
// What the engine says of a container, as a workload's identity, lifecycle and caps.

#include <cstdint>
#include <optional>

#include "guard/sample/snapshot.h"
#include "guard/source/engine_counts.h"
#include "guard/source/engine_parser.h"

namespace guard {

// `last_exit` of the container that had this name last. One that was not inspected yet is unknown.
void describe_container(const source::Container& container, std::uint64_t starts,
                        const std::optional<source::LastExit>& last_exit, sample::Workload& workload);

}  // namespace guard

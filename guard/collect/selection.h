#pragma once
// Whether a container matches the target of a workload.

#include <string>

#include "guard/sample/target.h"
#include "guard/source/docker/parser.h"

namespace guard {

// "project/service" of a container created by compose; "/" for others.
std::string compose_service_of(const source::Container& container);

// Whether `target` (of a container kind) matches: by name, ID (at least 12 digits), compose project and service, or
// label. A one-off container has the labels of its service and matches by name only.
bool selects(const sample::Target& target, const source::Container& container);

}  // namespace guard

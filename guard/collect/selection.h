#pragma once
// Which container a configuration means.

#include <string>

#include "guard/sample/target.h"
#include "guard/source/engine_parser.h"

namespace guard {

// "project/service" of a container that compose made; "/" of any other.
std::string compose_service_of(const source::Container& container);

// True when `target` (of a container's kind) means this container: by name, id (12 digits at least), compose project
// and service, or label. A container of `docker-compose run` carries its service's labels and is meant by its name
// only.
bool selects(const sample::Target& target, const source::Container& container);

}  // namespace guard

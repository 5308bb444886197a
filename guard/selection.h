#pragma once
// Which container a configuration means.

#include "guard/sample/target.h"
#include "guard/source/engine_parser.h"

namespace guard {

// True when `target` (of a container's kind) means this container: by name, id (12 digits at least), compose project
// and service, or label.
bool selects(const sample::Target& target, const source::Container& container);

}  // namespace guard

#pragma once
// The JSON Schema (draft-07) of the configuration file, for editors: keys, defaults and help out of the settings table.

#include <string>

namespace chatcore {

std::string config_schema();

}  // namespace chatcore

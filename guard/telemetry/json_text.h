#pragma once
// What the JSON documents of this folder have in common. Only for this folder.

#include <chrono>
#include <string>

#include <nlohmann/json.hpp>

#include "base/clock.h"

namespace guard::telemetry {

// Bytes that are not UTF-8 (an engine's image name, a log capture) are replaced, never thrown over.
inline std::string to_text(const nlohmann::ordered_json& document) {
  return document.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

inline double unix_seconds(base::WallTime time) {
  return std::chrono::duration<double>(time.time_since_epoch()).count();
}

}  // namespace guard::telemetry

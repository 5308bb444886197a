#pragma once
// Shared by the JSON serializers of this folder. Private to it.

#include <chrono>
#include <string>

#include <nlohmann/json.hpp>

#include "base/clock.h"

namespace guard::telemetry {

// Replaces invalid UTF-8 (an image name, a captured log text) instead of throwing.
inline std::string to_text(const nlohmann::ordered_json& document) {
  return document.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

inline double unix_seconds(base::WallTime time) {
  return std::chrono::duration<double>(time.time_since_epoch()).count();
}

}  // namespace guard::telemetry

#pragma once
// The resolutions of the history: raw samples, one per minute, one per quarter of an hour.

#include <array>
#include <chrono>
#include <string_view>

#include "base/units.h"

namespace guard::history {

// The numbers stand in the database.
enum class Resolution { raw = 0, minute = 1, quarter = 2 };

inline constexpr std::array kResolutions = {Resolution::raw, Resolution::minute, Resolution::quarter};

// What one sample stands for; 0 for raw, which are as the agent's sample_interval has them.
constexpr base::Duration step_of(Resolution resolution) {
  switch (resolution) {
    case Resolution::raw: return base::Duration(0);
    case Resolution::minute: return std::chrono::minutes(1);
    case Resolution::quarter: return std::chrono::minutes(15);
  }
  return base::Duration(0);
}

// "raw", "1m", "15m".
constexpr std::string_view name_of(Resolution resolution) {
  switch (resolution) {
    case Resolution::raw: return "raw";
    case Resolution::minute: return "1m";
    case Resolution::quarter: return "15m";
  }
  return "raw";
}

}  // namespace guard::history

#pragma once
// The incidents for drills.

#include <optional>
#include <string_view>
#include <vector>

namespace agent::simulation {

enum class Trouble { leak, fast_leak, oom_kill, restart_loop, log_silence, cpu_throttle, source_down };

struct Incident {
  Trouble trouble = Trouble::leak;
  std::string_view name;
  std::string_view summary;
  std::string_view against;  // a rule that would react, in the configuration's form; "" when none is needed
};

const std::vector<Incident>& incidents();
std::optional<Incident> find_incident(std::string_view name);

}  // namespace agent::simulation

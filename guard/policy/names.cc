#include <array>

#include "guard/policy/action_spec.h"
#include "guard/policy/rule.h"

namespace guard::policy {

std::string_view name_of(const ActionSpec& action) {
  constexpr std::array<std::string_view, std::variant_size_v<ActionSpec>> kNames = {
      "notify", "shed", "reclaim", "restart", "stop", "signal", "caps"};
  return action.valueless_by_exception() ? "unknown" : kNames[action.index()];
}

std::string_view name_of(Metric metric) {
  switch (metric) {
    case Metric::memory: return "memory";
    case Metric::memory_growth: return "memory_growth";
    case Metric::time_to_limit: return "time_to_limit";
    case Metric::cpu: return "cpu";
    case Metric::cpu_throttled: return "cpu_throttled";
    case Metric::memory_pressure: return "memory_pressure";
    case Metric::cpu_pressure: return "cpu_pressure";
    case Metric::io_pressure: return "io_pressure";
    case Metric::pids: return "pids";
    case Metric::oom_kills: return "oom_kills";
    case Metric::restart_loop: return "restart_loop";
    case Metric::log_overdue: return "log_overdue";
    case Metric::log_value: return "log_value";
    case Metric::unhealthy: return "unhealthy";
    case Metric::disk: return "disk";
  }
  return "unknown";
}

}  // namespace guard::policy

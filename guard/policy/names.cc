#include <algorithm>
#include <array>

#include "guard/policy/action_spec.h"
#include "guard/policy/decision.h"
#include "guard/policy/rule.h"

namespace guard::policy {

std::string_view name_of(const ActionSpec& action) {
  constexpr std::array<std::string_view, std::variant_size_v<ActionSpec>> kNames = {
      "notify", "shed", "reclaim", "restart", "stop", "signal", "caps"};
  return action.valueless_by_exception() ? "unknown" : kNames[action.index()];
}

Strength strength_of(const ActionSpec& action) {
  struct Ranking {
    Strength operator()(const Notify&) const { return Strength::none; }
    Strength operator()(const ApplyCaps&) const { return Strength::none; }
    Strength operator()(const Shed&) const { return Strength::shed; }
    Strength operator()(const Reclaim&) const { return Strength::reclaim; }
    Strength operator()(const Signal&) const { return Strength::signal; }
    Strength operator()(const Restart&) const { return Strength::restart; }
    Strength operator()(const Stop&) const { return Strength::stop; }
  };
  return std::visit(Ranking{}, action);
}

Strength strongest(const std::vector<ActionSpec>& actions) {
  Strength most = Strength::none;
  for (const auto& action : actions) most = std::max(most, strength_of(action));
  return most;
}

std::string_view name_of(Metric metric) {
  switch (metric) {
    case Metric::memory: return "memory";
    case Metric::memory_working_set: return "memory_working_set";
    case Metric::memory_growth: return "memory_growth";
    case Metric::time_to_limit: return "time_to_limit";
    case Metric::cpu: return "cpu";
    case Metric::cpu_throttled: return "cpu_throttled";
    case Metric::memory_pressure: return "memory_pressure";
    case Metric::cpu_pressure: return "cpu_pressure";
    case Metric::io_pressure: return "io_pressure";
    case Metric::pids: return "pids";
    case Metric::oom_kills: return "oom_kills";
    case Metric::leaking: return "leaking";
    case Metric::restart_loop: return "restart_loop";
    case Metric::log_overdue: return "log_overdue";
    case Metric::log_value: return "log_value";
    case Metric::unhealthy: return "unhealthy";
    case Metric::disk: return "disk";
  }
  return "unknown";
}

std::string_view name_of(Suppression suppression) {
  switch (suppression) {
    case Suppression::stop_latch: return "stop_latch";
    case Suppression::maintenance: return "maintenance";
    case Suppression::dependency: return "dependency";
    case Suppression::rate_limit: return "rate_limit";
  }
  return "unknown";
}

}  // namespace guard::policy

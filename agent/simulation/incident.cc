#include "agent/simulation/incident.h"

#include <algorithm>

namespace agent::simulation {

const std::vector<Incident>& incidents() {
  static const std::vector<Incident> all = {
      {Trouble::leak, "leak", "memory grows and meets its limit in four hours",
       "{name: tell, when: {time_to_limit: '< 1h', for: 2m}, do: [notify]}"},
      {Trouble::fast_leak, "fast-leak", "memory grows and meets its limit in five minutes",
       "{name: high, when: {memory: '> 93%', for: 3s}, do: [{restart: {drain: 30s}}]}"},
      {Trouble::oom_kill, "oom-kill", "the kernel kills it once; its engine starts it again",
       "{name: killed, when: {oom_kills: '> 0'}, do: [notify]}"},
      {Trouble::restart_loop, "restart-loop", "it ends and is started again every ten seconds",
       "{name: loop, when: {restart_loop: true}, do: [notify]}"},
      {Trouble::log_silence, "log-silence", "the lines that its log is to show stop coming",
       "{name: silent, when: {log_overdue: true}, do: [notify]}"},
      {Trouble::cpu_throttle, "cpu-throttle", "it wants more CPU than its cap allows and is throttled half of the time",
       "{name: throttled, when: {cpu_throttled: '> 25%', for: 5m}, do: [notify]}"},
      {Trouble::source_down, "source-down", "nothing can be read of it any more: nothing must be enforced", ""},
  };
  return all;
}

std::optional<Incident> find_incident(std::string_view name) {
  const auto found = std::ranges::find(incidents(), name, &Incident::name);
  return found == incidents().end() ? std::nullopt : std::optional(*found);
}

}  // namespace agent::simulation

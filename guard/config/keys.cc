#include "guard/config/keys.h"

#include <algorithm>
#include <vector>

#include "guard/config/config.h"

namespace guard::config {

namespace {

struct Section {
  std::string_view path;
  std::vector<std::string_view> keys;
};

const std::vector<Section>& sections() {
  static const std::vector<Section> kSections = {
      {"", {"agent", "web", "engine", "host", "workloads", "notify"}},
      {"agent", {"listen", "state_dir", "sample_interval", "log", "dry_run", "history", "web_config_file"}},
      {"agent.history", {"max_size", "keep"}},
      {"agent.log", {"level", "format"}},
      {"web", {"allow_insecure", "allowed_hosts"}},
      {"engine", {"socket"}},
      {"host", {"mounts"}},
      {"workloads[]",
       {"name",     "container",   "compose",    "container_label", "systemd_unit", "cgroup",   "command",
        "pid_file", "caps",        "expect_log", "health",          "leak",         "restarts", "rules",
        "actions",  "maintenance", "depends_on", "environment",     "working_dir",  "user",     "backoff",
        "stop"}},
      {"workloads[].compose", {"project", "service"}},
      {"workloads[].caps", {"memory", "memory_reservation", "memory_high", "cpus", "pids", "force"}},
      {"workloads[].expect_log[]", {"name", "pattern", "every", "grace", "file"}},
      {"workloads[].health[]",
       {"name", "http", "status", "tcp", "command", "every", "timeout", "failures", "successes", "start_period"}},
      {"workloads[].leak", {"enabled", "window"}},
      {"workloads[].restarts", {"max", "within"}},
      {"workloads[].backoff", {"initial", "max", "reset_after"}},
      {"workloads[].stop", {"signal", "timeout", "with_agent"}},
      {"workloads[].actions", {"max", "within"}},
      {"workloads[].maintenance[]", {"from", "to", "days", "zone"}},
      {"workloads[].depends_on[]", {"workload", "restart"}},
      {"workloads[].rules[]", {"name", "when", "do", "escalate", "cooldown"}},
      {"workloads[].rules[].when", {"memory",        "memory_working_set",
                                    "memory_growth", "time_to_limit",
                                    "leaking",       "cpu",
                                    "cpu_throttled", "memory_pressure",
                                    "cpu_pressure",  "io_pressure",
                                    "pids",          "oom_kills",
                                    "restart_loop",  "log_overdue",
                                    "log_value",     "log",
                                    "capture",       "unhealthy",
                                    "disk",          "mount",
                                    "for",           "clear"}},
      {"workloads[].rules[].do[]", {"notify", "shed", "reclaim", "restart", "stop", "signal"}},
      {"workloads[].rules[].do[].shed", {"url", "target", "token_file"}},
      {"workloads[].rules[].do[].reclaim", {"amount"}},
      {"workloads[].rules[].do[].restart", {"drain"}},
      {"workloads[].rules[].do[].stop", {"drain"}},
      {"workloads[].rules[].do[].signal", {"name"}},
      {"workloads[].rules[].escalate[]", {"do", "until", "within"}},
      {"workloads[].rules[].escalate[].until", {"memory",        "memory_working_set",
                                                "memory_growth", "time_to_limit",
                                                "leaking",       "cpu",
                                                "cpu_throttled", "memory_pressure",
                                                "cpu_pressure",  "io_pressure",
                                                "pids",          "oom_kills",
                                                "restart_loop",  "log_overdue",
                                                "log_value",     "log",
                                                "capture",       "unhealthy",
                                                "disk",          "mount"}},
      {"workloads[].rules[].escalate[].do[]", {"notify", "shed", "reclaim", "restart", "stop", "signal"}},
      {"workloads[].rules[].escalate[].do[].shed", {"url", "target", "token_file"}},
      {"workloads[].rules[].escalate[].do[].reclaim", {"amount"}},
      {"workloads[].rules[].escalate[].do[].restart", {"drain"}},
      {"workloads[].rules[].escalate[].do[].stop", {"drain"}},
      {"workloads[].rules[].escalate[].do[].signal", {"name"}},
      {"notify[]", {"name", "webhook", "alertmanager"}},
      {"notify[].webhook", {"url", "bearer_token_file"}},
      {"notify[].alertmanager", {"url", "bearer_token_file"}},
  };
  return kSections;
}

}  // namespace

std::string section_of(std::string_view path) {
  std::string section;
  bool inside = false;
  for (const char c : path) {
    if (c == ']') inside = false;
    if (!inside) section += c;
    if (c == '[') inside = true;
  }
  return section;
}

std::span<const std::string_view> keys_of(std::string_view path) {
  const auto wanted = section_of(path);
  const auto& all = sections();
  const auto found =
      std::find_if(all.begin(), all.end(), [&](const Section& section) { return section.path == wanted; });
  return found == all.end() ? std::span<const std::string_view>{} : std::span(found->keys);
}

std::vector<std::string> accepted_keys() {
  std::vector<std::string> keys;
  for (const auto& section : sections()) {
    for (const auto key : section.keys) {
      keys.emplace_back(section.path.empty() ? "" : std::string(section.path) + ".");
      keys.back().append(key);
    }
  }
  return keys;
}

}  // namespace guard::config

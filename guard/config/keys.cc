#include "guard/config/keys.h"

#include <algorithm>
#include <array>
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
      {"agent", {"listen", "state_dir", "sample_interval", "log", "dry_run", "history"}},
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

// Edits between two words: letters added, left out, changed, or swapped with their neighbour (optimal string
// alignment). Words longer than kLongest are not compared.
std::size_t edit_distance(std::string_view a, std::string_view b) {
  constexpr std::size_t kLongest = 40;
  if (a.size() > kLongest || b.size() > kLongest) return kLongest;
  std::array<std::array<std::size_t, kLongest + 1>, kLongest + 1> cost{};
  for (std::size_t i = 0; i <= a.size(); ++i) cost[i][0] = i;
  for (std::size_t j = 0; j <= b.size(); ++j) cost[0][j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t changed = cost[i - 1][j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      cost[i][j] = std::min({cost[i - 1][j] + 1, cost[i][j - 1] + 1, changed});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        cost[i][j] = std::min(cost[i][j], cost[i - 2][j - 2] + 1);
    }
  }
  return cost[a.size()][b.size()];
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

std::string_view nearest_key(std::string_view written, std::span<const std::string_view> keys) {
  constexpr std::size_t kMostEdits = 2;
  std::string_view nearest;
  std::size_t least = kMostEdits + 1;
  for (const auto key : keys) {
    const auto edits = edit_distance(written, key);
    if (edits < least && 2 * edits < std::max(written.size(), key.size())) {
      least = edits;
      nearest = key;
    }
  }
  return nearest;
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

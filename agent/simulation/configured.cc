#include "agent/simulation/configured.h"

#include <cstdio>
#include <utility>

#include "base/terminal_text.h"

namespace agent::simulation {

using guard::config::Config;

std::optional<Config> load_configured(const std::string& command, const std::string& file, const std::string& workload,
                                      bool& is_usage) {
  is_usage = false;
  auto result = guard::config::load_config(file);
  for (const auto& problem : result.problems)
    std::fprintf(stderr, "%s\n", base::terminal_text(to_string(problem)).c_str());
  if (!result.config || workload.empty()) return std::move(result.config);
  std::string names;
  for (const auto& one : result.config->workloads) names += (names.empty() ? "" : ", ") + one.name;
  std::erase_if(result.config->workloads, [&](const auto& other) { return other.name != workload; });
  if (!result.config->workloads.empty()) return std::move(result.config);
  std::fprintf(stderr, "leakguard %s: %s has no workload '%s'; it has: %s\n", command.c_str(),
               base::terminal_text(file).c_str(), base::terminal_text(workload).c_str(),
               base::terminal_text(names).c_str());
  is_usage = true;
  return std::nullopt;
}

}  // namespace agent::simulation

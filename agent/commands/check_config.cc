#include <cstdio>

#include "agent/commands/commands.h"
#include "base/terminal_text.h"
#include "guard/config/config.h"

namespace agent {

int check_config(const CheckConfigOptions& options) {
  const std::string file = options.file.empty() ? kDefaultConfigFile : options.file;
  const auto result = guard::config::load_config(file);
  for (const auto& problem : result.problems)
    std::fprintf(stderr, "%s\n", base::terminal_text(to_string(problem)).c_str());
  if (!result.config) {
    std::fprintf(stderr, "%s: %zu error%s\n", base::terminal_text(file).c_str(), result.problems.size(),
                 result.problems.size() == 1 ? "" : "s");
    return kWrongConfiguration;
  }
  std::printf("%s is fine: %zu workload%s\n", base::terminal_text(file).c_str(), result.config->workloads.size(),
              result.config->workloads.size() == 1 ? "" : "s");
  return kFine;
}

}  // namespace agent

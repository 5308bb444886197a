#include <cstdio>
#include <filesystem>

#include "agent/commands/commands.h"
#include "agent/commands/terminal.h"
#include "base/terminal_text.h"
#include "guard/config/config.h"

namespace agent {

int check_config(const CheckConfigOptions& options) {
  const std::string file = options.file.empty() ? kDefaultConfigFile : options.file;
  auto result = guard::config::load_config(file);
  if (result.config) {
    result.problems = guard::config::check_web_config(*result.config);
    if (!result.problems.empty()) result.config.reset();
  }
  for (const auto& problem : result.problems)
    std::fprintf(stderr, "%s\n", base::terminal_text(to_string(problem)).c_str());
  if (!result.config) {
    if (options.file.empty() && !std::filesystem::exists(file))
      print_error(
          "Write this file, for example from configs/minimal.yml, or name another one: leakguard check-config FILE");
    std::fprintf(stderr, "%s: %zu error%s\n", base::terminal_text(file).c_str(), result.problems.size(),
                 result.problems.size() == 1 ? "" : "s");
    return kWrongConfiguration;
  }
  const std::size_t workloads = result.config->workloads.size();
  std::printf("%s is fine: %zu workload%s%s\n", base::terminal_text(file).c_str(), workloads, workloads == 1 ? "" : "s",
              workloads == 0 ? "; add entries under workloads to guard something" : "");
  return kFine;
}

}  // namespace agent

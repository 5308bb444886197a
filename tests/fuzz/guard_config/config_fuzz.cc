// Whatever a configuration holds: it is right as a whole or refused with a bounded number of problems, each with words
// and none with the value of a variable.

#include <optional>
#include <string>

#include "../fuzz.h"
#include "guard/config/config.h"

namespace {

std::optional<std::string> environment(std::string_view name) {
  if (name == "SECRET") return "hunter2";
  return std::nullopt;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace guard::config;
  const auto text = fuzz::text_of(data, size);
  const auto result = parse_config(text, "leakguard.yml", environment);
  fuzz::require(result.config.has_value() == result.problems.empty(), "a file is right or has problems");
  fuzz::require(result.problems.size() <= kMostProblems + 1, "the number of problems is bounded");
  const bool says_it_itself = text.find("hunter") != std::string_view::npos;
  for (const auto& problem : result.problems) {
    fuzz::require(!problem.message.empty(), "a problem says what is wrong");
    fuzz::require(says_it_itself || to_string(problem).find("hunter2") == std::string::npos, "a value stays secret");
  }
  if (!result.config) return 0;
  for (const auto& workload : result.config->workloads) {
    fuzz::require(!workload.name.empty(), "a workload has a name");
    (void)workload.signal_settings();
  }
  return 0;
}

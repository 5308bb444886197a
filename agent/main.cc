// leakguard: the guard agent. Parses the command line and hands over to the command.

#include <cstdio>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "agent/commands/commands.h"
#include "agent/commands/terminal.h"
#include "agent/supervisor/holder_process.h"

namespace {

struct Execute {
  int operator()(const agent::RunOptions& options) const { return agent::run(options); }
  int operator()(const agent::ExecOptions& options) const { return agent::exec(options); }
  int operator()(const agent::CheckConfigOptions& options) const { return agent::check_config(options); }
  int operator()(const agent::StatusOptions& options) const { return agent::status(options); }
  int operator()(const agent::AnalyzeOptions& options) const { return agent::analyze(options); }
  int operator()(const agent::ReplayOptions& options) const { return agent::replay(options); }
  int operator()(const agent::DrillOptions& options) const { return agent::drill(options); }
  int operator()(const agent::HistoryExportOptions& options) const { return agent::history_export(options); }
  int operator()(const agent::TryPatternOptions& options) const { return agent::try_pattern(options); }
  int operator()(const agent::ShowText& show) const {
    std::fputs(show.text.c_str(), stdout);
    return agent::kFine;
  }
};

}  // namespace

int main(int argc, char** argv) {
  if (argc > 1 && std::string_view(argv[1]) == agent::kHoldCommand) return agent::hold_command();
  const auto invocation = agent::parse_command_line(std::vector<std::string>(argv + 1, argv + argc));
  if (!invocation) {
    agent::print_error("leakguard: " + invocation.error().message);
    return agent::kUsage;
  }
  return std::visit(Execute{}, *invocation);
}

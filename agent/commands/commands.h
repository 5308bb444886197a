#pragma once
// The commands, one file each: what `leakguard NAME` does. Each returns the exit code.

#include "agent/commands/options.h"

namespace agent {

int run(const RunOptions& options);
int exec(const ExecOptions& options);
int check_config(const CheckConfigOptions& options);
int status(const StatusOptions& options);
int analyze(const AnalyzeOptions& options);
int replay(const ReplayOptions& options);
int drill(const DrillOptions& options);
int history_export(const HistoryExportOptions& options);
int try_pattern(const TryPatternOptions& options);

}  // namespace agent

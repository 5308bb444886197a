#pragma once
// Exit codes of the commands, for scripts.

namespace agent {

enum ExitCode {
  kFine = 0,
  kFailed = 1,
  kUsage = 2,
  kFindings = 3,
  kUnreachable = 4,
  kNothingJudged = 5,
  kWrongConfiguration = 78
};

}  // namespace agent

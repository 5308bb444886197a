#pragma once
// Runs commands as health probes. Implemented by the agent (agent/command_probes.h); the guard never starts or reaps a
// process.

#include <memory>
#include <string>
#include <vector>

#include "base/units.h"
#include "guard/source/probe/attempt.h"

namespace guard {

struct CommandQuestion {
  std::string name;               // "workload/probe"; one run of that name at a time
  std::vector<std::string> argv;  // no shell
  base::Duration timeout;         // then it is killed with all of its processes
};

class ProbeCommands {
 public:
  virtual ~ProbeCommands() = default;
  // Exit status 0 passes. Use on the guard's thread.
  virtual std::unique_ptr<source::ProbeAttempt> ask(const CommandQuestion& question, source::ProbeDone done) = 0;
};

}  // namespace guard

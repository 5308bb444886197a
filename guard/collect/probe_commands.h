#pragma once
// The commands by which a workload's health may be asked for, as the guard sees them. The agent implements this
// (agent/command_probes.h); the guard never starts or reaps a process.

#include <memory>
#include <string>
#include <vector>

#include "base/units.h"
#include "guard/source/probe_attempt.h"

namespace guard {

struct CommandQuestion {
  std::string name;               // whose it is, "workload/probe": one run of that name at a time
  std::vector<std::string> argv;  // no shell
  base::Duration timeout;         // then it is killed, with all that it has started
};

class ProbeCommands {
 public:
  virtual ~ProbeCommands() = default;
  // Exit status 0 passes. On the guard's thread.
  virtual std::unique_ptr<source::ProbeAttempt> ask(const CommandQuestion& question, source::ProbeDone done) = 0;
};

}  // namespace guard

#pragma once
// Health probes that are commands: each run leads a process group of its own, has nothing of the agent's but its user,
// and is killed with all that it started when it takes too long, and when it has ended. Its output is
// taken slowly and thrown away but for the beginning: one that floods it is held up, not the guard.

#include <map>
#include <memory>
#include <string>

#include <sys/types.h>

#include "base/event_loop.h"
#include "guard/collect/probe_commands.h"

namespace agent {

// All members on the loop's thread. The loop must outlive it.
class CommandProbes final : public guard::ProbeCommands {
 public:
  explicit CommandProbes(base::EventLoop& loop);
  ~CommandProbes() override;

  std::unique_ptr<guard::source::ProbeAttempt> ask(const guard::CommandQuestion& question,
                                                   guard::source::ProbeDone done) override;
  // A process has been reaped, perhaps one of these.
  void on_end(pid_t pid, int wait_status);

  [[nodiscard]] std::size_t running() const { return runs_.size(); }

 private:
  class Run;
  class Attempt;
  [[nodiscard]] bool is_busy(const std::string& name) const;

  base::EventLoop& loop_;
  std::map<pid_t, std::shared_ptr<Run>> runs_;  // until reaped: bounded, since a name runs once at a time
};

}  // namespace agent

#pragma once
// All supervised commands together, and the reaper: as PID 1 of a container the agent inherits every orphan, and an
// orphan that nobody waits for stays a zombie for ever.

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "agent/supervisor/child.h"
#include "base/worker.h"

namespace agent {

// All members on the loop's thread.
class Supervisor final : public guard::Children {
 public:
  // Children's output is passed on to the agent's standard output by a thread of its own: a reader that does not
  // keep up loses lines there, never holds up the guard.
  Supervisor(base::EventLoop& loop, const base::Clock& clock,
             std::function<void(const std::string& workload, std::string_view line)> on_line,
             std::function<void()> on_change, std::string holder_folder = "");
  ~Supervisor() override;

  void add(ChildOptions options);
  // All but those named, which are ended where an earlier agent has left them running, and so is what it has left of
  // commands that are not configured any more.
  void start_all(const std::vector<std::string>& except = {});
  // Keeps it running from now on; nothing when no such command is supervised.
  void start(const std::string& workload);
  // After a reload: stops commands that are gone or have changed, starts those that are new, leaves the rest alone.
  void replace(std::vector<ChildOptions> wanted);
  // Stops every child as its configuration says, or leaves it to the next agent; `done` when all of the others have
  // ended.
  void stop_all(std::function<void()> done);
  void forward(int signal);
  // Once a tick, before the children are looked at.
  void check();
  // Who is told of processes that have ended and are none of the children.
  void on_other_end(std::function<void(pid_t pid, int wait_status)> listener) { on_other_end_ = std::move(listener); }
  // Collects everything that has ended. Called at SIGCHLD.
  void reap();

  // Whether a child runs is being asked, or it is about to.
  [[nodiscard]] bool is_settling() const;
  // True when no child runs or is going to.
  [[nodiscard]] bool is_over() const;
  // The last exit code of the first child, as a shell would have it; 0 when there is none.
  [[nodiscard]] int exit_code() const;

  [[nodiscard]] std::optional<guard::ChildView> view(const std::string& workload) const override;
  void restart(const std::string& workload, std::chrono::nanoseconds drain, Done done) override;
  void stop(const std::string& workload, std::chrono::nanoseconds drain, Done done) override;

 private:
  [[nodiscard]] Child* find(const std::string& workload) const;
  [[nodiscard]] Child* find(pid_t pid) const;
  void pass_on(std::string_view bytes, std::function<void()> done);
  void end_what_is_not_configured();
  void retire(std::unique_ptr<Child> child);
  [[nodiscard]] bool is_retiring(const std::string& name) const;

  ChildContext context_;
  std::function<void(pid_t pid, int wait_status)> on_other_end_;
  std::atomic<bool> stopping_{false};
  base::Worker output_{"lg-output", 1024};
  std::vector<std::unique_ptr<Child>> children_;
  std::vector<std::unique_ptr<Child>> retiring_;  // no longer configured, on their way out
};

}  // namespace agent

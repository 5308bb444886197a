#pragma once
// One supervised command through its life: started in a cgroup of its own where that may be, watched, started again
// with a growing pause when it ends, stopped with a signal first and SIGKILL after. The pause goes back to its
// beginning after a healthy stretch.

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "agent/child_cgroup.h"
#include "agent/spawn.h"
#include "base/clock.h"
#include "base/event_loop.h"
#include "guard/children.h"
#include "guard/config/config.h"
#include "guard/source/log_lines.h"

namespace agent {

enum class RestartPolicy { never, on_failure, always };

struct ChildOptions {
  std::string name;
  std::vector<std::string> argv;
  guard::config::CommandConfig command;
  guard::sample::Caps caps;
  RestartPolicy restart = RestartPolicy::always;

  // Would a process started with `other` be the same? Caps apart: those are changed on the running one.
  [[nodiscard]] bool runs_the_same(const ChildOptions& other) const;
};

// What a child shares with the supervisor. All must outlive it.
struct ChildContext {
  base::EventLoop& loop;
  const base::Clock& clock;
  std::function<void(const std::string& name, std::string_view line)> on_line;
  std::function<void(std::string_view bytes)> on_output;  // the bytes as they came, for passing on
  std::function<void()> on_change;                        // started or ended: look at once
};

// All members on the loop's thread.
class Child {
 public:
  Child(ChildOptions options, ChildContext& context);
  ~Child();
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  // Takes over what a running process need not be restarted for: how it is stopped, its back-off, its caps.
  void update(ChildOptions options);
  // Keeps it running from now on.
  void start();
  // `done` when it has ended (at once when it does not run).
  void stop(std::chrono::nanoseconds drain, guard::Children::Done done);
  void restart(std::chrono::nanoseconds drain, guard::Children::Done done);
  // Sends a signal to its whole process group; nothing when it does not run.
  void signal(int number) const;
  // The status that waitpid had for `pid`.
  void on_exit(int wait_status);

  [[nodiscard]] guard::ChildView view() const;
  [[nodiscard]] pid_t pid() const { return pid_; }
  [[nodiscard]] const ChildOptions& options() const { return options_; }
  // It does not run and is not going to: it ended and its policy leaves it so, or it was stopped.
  [[nodiscard]] bool is_over() const { return pid_ == 0 && !wanted_; }
  [[nodiscard]] int exit_code() const { return lifecycle_.last_exit_code; }
  // Takes its cgroup away; call when it is over for good.
  void remove_cgroup();

 private:
  void launch();
  [[nodiscard]] base::Status make_cgroup();
  void fail_to_start(const base::Error& error);
  [[nodiscard]] bool is_waiting_for_leftovers();
  void read_output();
  void close_output();
  void back_off();
  void report_done(const base::Status& status);
  void overtake(const std::string& by);
  [[nodiscard]] guard::sample::ExitReason reason_for(int wait_status);

  ChildOptions options_;
  ChildContext& context_;
  ChildCgroup cgroup_;
  bool runs_without_cgroup_ = false;  // none can be had here, which was said
  std::optional<base::SteadyTime> leftovers_since_;
  std::optional<std::uint64_t> oom_kills_before_;

  bool wanted_ = false;
  pid_t pid_ = 0;
  guard::sample::Lifecycle lifecycle_;
  guard::sample::Identity identity_;
  base::SteadyTime launched_at_;
  base::Duration pause_{0};
  base::Pending pause_timer_;
  base::Pending kill_timer_;
  guard::Children::Done done_;
  bool start_after_stop_ = false;

  int output_ = -1;
  base::Pending output_watch_;
  guard::source::LineSplitter lines_;
};

}  // namespace agent

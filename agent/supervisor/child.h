#pragma once
// One supervised command through its life: started in a cgroup of its own where that may be, watched, started again
// with a growing pause when it ends, stopped with a signal first and SIGKILL after. The pause goes back to its
// beginning after a healthy stretch. A command that outlives the agent is run by a holder (agent/supervisor/holder.h),
// and one that runs already is taken over; the others are children of the agent itself.

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "agent/supervisor/child_cgroup.h"
#include "agent/supervisor/child_output.h"
#include "agent/supervisor/child_record.h"
#include "agent/supervisor/holder.h"
#include "agent/supervisor/spawn.h"
#include "base/clock.h"
#include "base/event_loop.h"
#include "guard/action/children.h"
#include "guard/config/config.h"

namespace agent {

enum class RestartPolicy { never, on_failure, always };

struct ChildOptions {
  std::string name;
  std::vector<std::string> argv;
  guard::config::CommandConfig command;
  guard::sample::Caps caps;
  RestartPolicy restart = RestartPolicy::always;
  // It is run by a holder, with an environment and a user of its own. False for `exec`, a wrapper: the command is the
  // agent's child, with the agent's user and environment, and goes with it.
  bool outlives_agent = false;

  // Would a process started with `other` be the same? Caps apart: those are changed on the running one.
  [[nodiscard]] bool runs_the_same(const ChildOptions& other) const;
  // The same question for the next agent, which has only a number: other than 0 for every command.
  [[nodiscard]] std::uint64_t fingerprint() const;
  // Whom it runs as; "": the agent's own user. A command of root's agent is not root unless it says so.
  [[nodiscard]] std::string user() const;
};

// What a child shares with the supervisor. All must outlive it.
struct ChildContext {
  base::EventLoop& loop;
  const base::Clock& clock;
  std::function<void(const std::string& name, std::string_view line)> on_line;
  ChildOutput::OnBytes on_output;   // the bytes as they came, for passing on
  std::function<void()> on_change;  // started or ended: look at once
  std::string holder_folder = {};   // "": holders have abstract sockets
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
  // Ends what an earlier agent has left running of it; `done` when that has ended.
  void end_leftover(guard::Children::Done done);
  // `done` when it has ended (at once when it does not run).
  void stop(std::chrono::nanoseconds drain, guard::Children::Done done);
  void restart(std::chrono::nanoseconds drain, guard::Children::Done done);
  // Sends a signal to its whole process group; nothing when it does not run.
  void signal(int number) const;
  // Leaves it to the next agent as it is. Only one that is run by a holder.
  void leave();
  // Once a tick, before it is looked at: is its cgroup still what it was, and the process in it?
  void check();
  // The status that waitpid had for `pid`.
  void on_exit(int wait_status);

  [[nodiscard]] guard::ChildView view() const;
  [[nodiscard]] pid_t pid() const { return pid_; }
  [[nodiscard]] const ChildOptions& options() const { return options_; }
  // Run by a holder, and to be left running when the agent stops.
  [[nodiscard]] bool is_left_running() const { return holder_ && !options_.command.stops_with_agent; }
  [[nodiscard]] bool is_settling() const { return is_launching_ || is_meeting_; }
  // It does not run and is not going to: it ended and its policy leaves it so, or it was stopped.
  [[nodiscard]] bool is_over() const { return !is_busy() && !wanted_; }
  [[nodiscard]] int exit_code() const { return lifecycle_.last_exit_code; }
  // Takes its cgroup away; call when it is over for good.
  void remove_cgroup();

 private:
  // It runs, is about to, or whether it does is being asked.
  [[nodiscard]] bool is_busy() const { return pid_ != 0 || is_launching_ || is_meeting_; }
  void find_or_launch();
  [[nodiscard]] bool find_holder();
  void meet(const HolderMessage& state, int output);
  void take_over(const HolderMessage& state, int output);
  void on_holder(const HolderMessage& state, int output);
  void on_holder_lost();
  void watch_orphan();
  void dismiss_holder();
  [[nodiscard]] HolderListener listener();
  [[nodiscard]] ChildRecord note() const;

  void launch();
  [[nodiscard]] base::Status check_for_lost_holder() const;
  [[nodiscard]] base::Status begin_holder();
  [[nodiscard]] base::Status launch_held(const SpawnRequest& request);
  [[nodiscard]] base::Status launch_here(const SpawnRequest& request);
  [[nodiscard]] SpawnRequest request() const;
  void begin_run(pid_t pid, int output, base::WallTime started_at);
  [[nodiscard]] base::Status make_cgroup();
  void fail_to_start(const base::Error& error);
  [[nodiscard]] bool is_waiting_for_leftovers();
  void ask_to_end(std::chrono::nanoseconds drain);
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

  std::string elsewhere_;  // why nothing can be said of its resources

  bool wanted_ = false;
  pid_t pid_ = 0;
  bool is_launching_ = false;  // the holder was asked to start it
  bool is_meeting_ = false;    // a holder was found and has not said yet what it holds
  guard::sample::Lifecycle lifecycle_;
  guard::sample::Identity identity_;
  base::SteadyTime launched_at_;
  base::Duration pause_{0};
  base::Pending pause_timer_;
  base::Pending kill_timer_;
  base::Pending meeting_timer_;
  guard::Children::Done done_;
  bool start_after_stop_ = false;

  std::unique_ptr<Holder> holder_;
  bool is_new_holder_ = false;  // started, and has launched no command yet
  int orphan_ = -1;             // pidfd of a command whose holder is gone
  base::Pending orphan_watch_;
  ChildOutput output_;
};

}  // namespace agent

// The part of a child that speaks to its holder: found again, asked to start the command, lost.

#include <cerrno>
#include <csignal>
#include <utility>

#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent/supervisor/child.h"
#include "base/log.h"

namespace agent {
namespace {

using guard::sample::State;

// A holder answers at once, unless it serves another agent.
constexpr auto kMeetingPatience = std::chrono::seconds(10);
constexpr int kEndedUnseen = 255;

base::WallTime wall_time(std::int64_t nanoseconds) {
  return base::WallTime(std::chrono::duration_cast<base::WallTime::duration>(std::chrono::nanoseconds(nanoseconds)));
}

}  // namespace

HolderListener Child::listener() {
  return {[this](const HolderMessage& state, int output) {
            if (is_meeting_)
              meet(state, output);
            else
              on_holder(state, output);
          },
          [this] { on_holder_lost(); }};
}

ChildRecord Child::note() const {
  return {options_.fingerprint(),    lifecycle_.starts, lifecycle_.last_exit,
          lifecycle_.last_exit_code, oom_kills_before_, pause_};
}

void Child::find_or_launch() {
  if (!options_.outlives_agent || holder_ || !find_holder()) launch();
}

// True when there is one, or it cannot be known yet: nothing may be started then.
bool Child::find_holder() {
  auto found = Holder::find(context_.loop, context_.holder_folder, options_.name, listener());
  if (!found) {
    fail_to_start(found.error());
    return true;
  }
  if (*found == nullptr) return false;
  holder_ = std::move(*found);
  is_meeting_ = true;
  meeting_timer_ = context_.loop.after(kMeetingPatience, [this] {
    is_meeting_ = false;
    holder_.reset();
    fail_to_start({base::Code::conflict, "another agent supervises a command called " + options_.name +
                                             " already; give this one another name"});
  });
  return true;
}

void Child::end_leftover(guard::Children::Done done) {
  done_ = std::move(done);
  if (!find_holder()) report_done({});
}

void Child::meet(const HolderMessage& state, int output) {
  meeting_timer_.cancel();
  is_meeting_ = false;
  const auto note = state.version == HolderMessage::kVersion ? read_note(state.get_note()) : std::nullopt;
  if (note) {
    lifecycle_.starts = note->starts;
    lifecycle_.last_exit = note->last_exit;
    lifecycle_.last_exit_code = note->last_exit_code;
    oom_kills_before_ = note->oom_kills_before;
    if (note->pause > base::Duration(0)) pause_ = note->pause;
  }
  // The lock on its cgroup is this agent's from now on. Its caps are the guard's matter, which approaches them.
  if (auto made = make_cgroup(); !made) base::log_warning(made.error().message, {{"workload", options_.name}});
  const bool is_alive = state.phase == HolderPhase::running || state.phase == HolderPhase::launching;
  if (is_alive && wanted_ && (!note || note->fingerprint != options_.fingerprint())) {
    base::log_info("its configuration has changed while no agent ran: it is restarted", {{"workload", options_.name}});
    start_after_stop_ = true;
  }
  take_over(state, output);
  if (is_busy() && (!wanted_ || start_after_stop_)) ask_to_end(options_.command.stop_timeout);
}

void Child::take_over(const HolderMessage& state, int output) {
  switch (state.phase) {
    case HolderPhase::launching:
      if (output >= 0) ::close(output);
      is_launching_ = true;
      return;
    case HolderPhase::running:
      base::log_info("taken over from an earlier agent", {{"workload", options_.name}, {"pid", state.pid}});
      return begin_run(static_cast<pid_t>(state.pid), output, wall_time(state.started_at));
    case HolderPhase::ended:
      begin_run(static_cast<pid_t>(state.pid), output, wall_time(state.started_at));
      return on_exit(state.wait_status);
    case HolderPhase::idle:
    case HolderPhase::failed: break;
  }
  if (output >= 0) ::close(output);
  if (wanted_) return launch();
  dismiss_holder();
  report_done({});
}

// Conflict: the command runs under a holder that cannot be reached, as that of an earlier version after its socket was
// removed. It is not a leftover: nobody wants it ended, and a second one must not be started.
base::Status Child::check_for_lost_holder() const {
  if (!options_.outlives_agent || holder_) return {};
  const std::vector<std::int64_t> pids = cgroup_.processes();
  const std::int64_t holder = find_holder_process(pids, options_.name);
  if (holder == 0) return {};
  return base::fail(base::Code::conflict,
                    "it runs already, but the socket of its holder (pid " + std::to_string(holder) +
                        ") was removed, so it cannot be taken over; it is left running and not guarded; to have it "
                        "started again, end it: kill " +
                        std::to_string(pids.front()));
}

base::Status Child::begin_holder() {
  if (!options_.outlives_agent || holder_) return {};
  auto created = Holder::create(context_.loop, context_.holder_folder, options_.name, listener());
  if (!created) return base::fail(created.error());
  holder_ = std::move(*created);
  is_new_holder_ = true;
  return {};
}

base::Status Child::launch_held(const SpawnRequest& request) {
  if (std::exchange(is_new_holder_, false)) {
    cgroup_.take_holder(holder_->pid());
    const std::string user = options_.user();
    if (options_.command.user.empty() && !user.empty() && lifecycle_.starts == 0)
      base::log_warning("no user configured: running as " + user + "; to run it as root, set user: root",
                        {{"workload", options_.name}});
  }
  ChildRecord next = note();
  ++next.starts;
  if (auto launched = holder_->launch(request, write_note(next)); !launched) return launched;
  is_launching_ = true;
  lifecycle_.state = State::starting;
  return {};
}

void Child::on_holder(const HolderMessage& state, int output) {
  switch (state.phase) {
    case HolderPhase::running:
      if (is_launching_) {
        is_launching_ = false;
        lifecycle_.starts = read_note(state.get_note()).value_or(ChildRecord{}).starts;
        return begin_run(static_cast<pid_t>(state.pid), output, wall_time(state.started_at));
      }
      break;
    case HolderPhase::failed:
      if (is_launching_) {
        if (output >= 0) ::close(output);
        SpawnFailure failure;
        failure.error_number = state.error_number;
        std::copy(std::begin(state.step), std::end(state.step), std::begin(failure.step));
        failure.step[sizeof(failure.step) - 1] = '\0';
        const std::string& shown = options_.command.program_as_written;
        const auto status = status_of(failure, shown.empty() ? options_.argv[0] : shown);
        base::Error error = status ? base::Error{base::Code::internal, "it could not be started"} : status.error();
        if (failure.error_number == ENOENT && std::string_view(failure.step).starts_with("execute") &&
            options_.argv[0].find('/') == std::string::npos)
          error.message += " (write its whole path, or set PATH in its environment: the agent's is not handed on)";
        return fail_to_start(error);
      }
      break;
    case HolderPhase::ended:
      if (output >= 0) ::close(output);
      if (pid_ == state.pid && pid_ != 0) on_exit(state.wait_status);
      return;
    case HolderPhase::idle:
    case HolderPhase::launching: break;
  }
  if (output >= 0) ::close(output);
}

void Child::on_holder_lost() {
  holder_.reset();
  if (std::exchange(is_meeting_, false)) {
    meeting_timer_.cancel();
    if (wanted_) return launch();
    return report_done({});
  }
  if (is_launching_)
    return fail_to_start({base::Code::unavailable, "its holder process ended; it is started with a new one"});
  if (pid_ == 0) return;
  lifecycle_.why =
      "its holder process was killed: the command stops when the agent stops; restart the command to get a new one";
  base::log_error(
      "the holder process was killed: the command goes on, but its output does not outlive the agent; restart the "
      "command for a new holder",
      {{"workload", options_.name}, {"pid", pid_}});
  watch_orphan();
  context_.on_change();
}

// Its new parent reaps it. Where that is the agent itself, SIGCHLD may bring the status first.
void Child::watch_orphan() {
  orphan_ = static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0));
  const bool has_ended = orphan_ < 0 && errno == ESRCH;
  const auto end = [this] {
    int status = W_EXITCODE(kEndedUnseen, 0);
    if (::waitpid(pid_, &status, WNOHANG) <= 0)
      base::log_warning("exit status unknown: the command was not a child of the agent; recorded as 255",
                        {{"workload", options_.name}});
    on_exit(status);
  };
  if (has_ended)
    orphan_watch_ = context_.loop.after(base::Duration(0), end);
  else if (orphan_ >= 0)
    orphan_watch_ = context_.loop.readable(orphan_, end);
  else  // no pidfd (an old kernel, no descriptor left): it is looked at from time to time
    orphan_watch_ = context_.loop.every(std::chrono::seconds(1), [this, end](int) {
      if (::kill(pid_, 0) != 0 && errno == ESRCH) end();
    });
}

void Child::leave() {
  if (pid_ > 0) base::log_info("left running for the next agent", {{"workload", options_.name}, {"pid", pid_}});
  pause_timer_.cancel();
  kill_timer_.cancel();
  meeting_timer_.cancel();
  output_.abandon();
  holder_.reset();
}

// Not from within its own call.
void Child::dismiss_holder() {
  if (!holder_) return;
  holder_->quit();
  context_.loop.post([gone = std::shared_ptr<Holder>(std::move(holder_))] {});
}

}  // namespace agent

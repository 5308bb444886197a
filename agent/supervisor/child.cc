#include "agent/supervisor/child.h"

#include <algorithm>
#include <csignal>
#include <utility>

#include <sys/wait.h>
#include <unistd.h>

#include "agent/supervisor/file_limit.h"
#include "base/log.h"
#include "guard/source/process/tree.h"

namespace agent {
namespace {

using guard::sample::ExitReason;
using guard::sample::State;

// Processes that are not our children cannot be waited for; they are looked at so often.
constexpr auto kLeftoverPoll = std::chrono::milliseconds(100);
constexpr int kCannotStart = 127;  // as a shell says it

int exit_code_of(int wait_status) {
  return WIFSIGNALED(wait_status) ? 128 + WTERMSIG(wait_status) : WEXITSTATUS(wait_status);
}

}  // namespace

Child::Child(ChildOptions options, ChildContext& context)
    : options_(std::move(options)),
      context_(context),
      output_(
          context.loop, [this](std::string_view line) { context_.on_line(options_.name, line); },
          [this](std::string_view bytes, std::function<void()> done) { context_.on_output(bytes, std::move(done)); }) {
  lifecycle_.state = State::stopped;
  pause_ = options_.command.backoff.initial;
}

Child::~Child() {
  if (holder_ && !wanted_) holder_->quit();
  orphan_watch_.cancel();
  if (orphan_ >= 0) ::close(orphan_);
}

void Child::update(ChildOptions options) {
  options_.command = std::move(options.command);
  options_.caps = options.caps;
}

void Child::start() {
  wanted_ = true;
  if (!is_busy()) find_or_launch();
}

base::Status Child::make_cgroup() {
  if (runs_without_cgroup_) return {};
  auto made = cgroup_.make(options_.name, options_.outlives_agent);
  if (made || made.error().code == base::Code::conflict) return made;
  runs_without_cgroup_ = true;
  base::log_warning(
      "no cgroup of its own: memory is capped by a resource limit only, other caps are not enforced; "
      "for all caps run as root, or in a delegated cgroup (a systemd unit needs Delegate=yes)",
      {{"workload", options_.name}, {"error", made.error().message}});
  return {};
}

// A command that ended may leave processes of its own, and so may one whose holder was killed together with the agent.
// Two of them would fight over ports and files, so those are asked to end, and killed when they do not.
bool Child::is_waiting_for_leftovers() {
  const auto leftovers = cgroup_.processes();
  if (leftovers.empty()) {
    leftovers_since_.reset();
    return false;
  }
  const base::SteadyTime now = context_.clock.steady_now();
  if (!leftovers_since_) {
    base::log_warning("processes of a previous run are still running; stopping them before the start",
                      {{"workload", options_.name}, {"processes", leftovers.size()}});
    leftovers_since_ = now;
    for (const std::int64_t pid : leftovers) ::kill(static_cast<pid_t>(pid), options_.command.stop_signal);
  } else if (now - *leftovers_since_ >= options_.command.stop_timeout) {
    for (const std::int64_t pid : leftovers) ::kill(static_cast<pid_t>(pid), SIGKILL);
  }
  pause_timer_ = context_.loop.after(kLeftoverPoll, [this] { launch(); });
  return true;
}

void Child::fail_to_start(const base::Error& error) {
  base::log_error("command not started", {{"workload", options_.name}, {"error", error.message}});
  is_launching_ = false;
  start_after_stop_ = false;
  kill_timer_.cancel();
  lifecycle_.state = State::stopped;
  lifecycle_.last_exit = ExitReason::error;
  lifecycle_.last_exit_code = kCannotStart;
  lifecycle_.why = error.message;
  report_done(base::fail(error));
  // A command that never ran is wrong, not failing: only one that is always wanted is tried again.
  if (wanted_ && (options_.restart == RestartPolicy::always || lifecycle_.starts > 0)) {
    back_off();
  } else {
    wanted_ = false;
    dismiss_holder();
  }
  context_.on_change();
}

SpawnRequest Child::request() const {
  SpawnRequest request;
  request.argv = options_.argv;
  request.user = options_.user();
  request.environment = options_.outlives_agent
                            ? command_environment(options_.command.environment, request.user.empty())
                            : wrapper_environment(options_.command.environment);
  request.working_dir = options_.command.working_dir;
  if (const auto& cgroup = cgroup_.get())
    request.cgroup_files = files_to_enter(*cgroup);
  else
    request.data_limit = options_.caps.memory;
  request.open_files = original_file_limit();
  return request;
}

void Child::launch() {
  pause_timer_.cancel();
  if (auto made = make_cgroup(); !made) return fail_to_start(made.error());
  if (auto free = check_for_lost_holder(); !free) return fail_to_start(free.error());
  // Start the holder first, which may fail: processes of an earlier agent are not ended for a command that cannot
  // start.
  if (auto begun = begin_holder(); !begun) {
    base::Error error = begun.error();
    if (!cgroup_.processes().empty()) error.message += "; processes of an earlier agent are left running";
    return fail_to_start(error);
  }
  if (is_waiting_for_leftovers()) return;
  cgroup_.apply(options_.name, options_.caps);
  oom_kills_before_ = cgroup_.oom_kills();
  const auto launched = options_.outlives_agent ? launch_held(request()) : launch_here(request());
  if (!launched) fail_to_start(launched.error());
}

base::Status Child::launch_here(const SpawnRequest& request) {
  const auto spawned = spawn(request);
  if (!spawned) return base::fail(spawned.error());
  ++lifecycle_.starts;
  begin_run(spawned->pid, spawned->output, context_.clock.wall_now());
  return {};
}

void Child::begin_run(pid_t pid, int output, base::WallTime started_at) {
  pid_ = pid;
  output_.open(output);
  launched_at_ =
      context_.clock.steady_now() - std::max<base::Duration>(base::Duration(0), context_.clock.wall_now() - started_at);
  lifecycle_.state = State::running;
  lifecycle_.why.clear();
  lifecycle_.started_at = started_at;
  const auto identity = guard::source::process_identity("/", pid_);
  identity_ = {identity ? *identity : "pid:" + std::to_string(pid_), "", "", pid_};
  base::log_info("started", {{"workload", options_.name}, {"pid", pid_}, {"start", lifecycle_.starts}});
  // Callers that wait for its end keep waiting.
  if (wanted_ && !start_after_stop_) report_done({});
  context_.on_change();
}

// Whoever is told so may ask for a restart right then: that is overtaken as well.
void Child::overtake(const std::string& by) {
  while (done_) report_done(base::fail(base::Code::cancelled, "overtaken by another " + by));
}

void Child::stop(std::chrono::nanoseconds drain, guard::Children::Done done) {
  overtake("stop");
  wanted_ = false;
  start_after_stop_ = false;
  pause_timer_.cancel();
  done_ = std::move(done);
  if (!is_busy()) {
    lifecycle_.state = State::stopped;  // it may have waited to be started again
    dismiss_holder();
    return report_done({});
  }
  ask_to_end(drain);
}

// A holder that is just being contacted is asked once it has reported its command.
void Child::ask_to_end(std::chrono::nanoseconds drain) {
  signal(options_.command.stop_signal);
  kill_timer_ = context_.loop.after(drain, [this] {
    base::log_warning("did not end in time, killing it", {{"workload", options_.name}, {"pid", pid_}});
    signal(SIGKILL);
  });
}

void Child::restart(std::chrono::nanoseconds drain, guard::Children::Done done) {
  overtake("restart");
  if (is_busy()) {
    stop(drain, std::move(done));
    wanted_ = true;
    start_after_stop_ = true;
    return;
  }
  done_ = std::move(done);
  wanted_ = true;
  find_or_launch();
}

void Child::signal(int number) const {
  if (holder_ && is_busy())
    holder_->signal(number);
  else if (pid_ > 0)
    ::kill(-pid_, number);
}

ExitReason Child::reason_for(int wait_status) {
  const bool killed = WIFSIGNALED(wait_status) && WTERMSIG(wait_status) == SIGKILL;
  const auto kills = cgroup_.oom_kills();
  if (killed && kills && oom_kills_before_ && *kills > *oom_kills_before_) return ExitReason::oom_kill;
  if (WIFSIGNALED(wait_status)) return ExitReason::signal;
  return WEXITSTATUS(wait_status) == 0 ? ExitReason::clean : ExitReason::error;
}

void Child::on_exit(int wait_status) {
  output_.finish();  // with what it wrote last
  kill_timer_.cancel();
  orphan_watch_.cancel();
  if (orphan_ >= 0) ::close(std::exchange(orphan_, -1));
  lifecycle_.state = State::stopped;
  lifecycle_.why.clear();
  lifecycle_.last_exit = reason_for(wait_status);
  lifecycle_.last_exit_code = exit_code_of(wait_status);
  base::log_info("ended", {{"workload", options_.name},
                           {"pid", std::exchange(pid_, 0)},
                           {"code", lifecycle_.last_exit_code},
                           {"reason", guard::sample::name_of(lifecycle_.last_exit)}});
  identity_.pid = 0;
  elsewhere_.clear();
  if (holder_) holder_->note(write_note(note()));
  if (std::exchange(start_after_stop_, false)) return find_or_launch();
  if (options_.restart == RestartPolicy::never ||
      (options_.restart == RestartPolicy::on_failure && lifecycle_.last_exit == ExitReason::clean)) {
    wanted_ = false;
  }
  if (wanted_)
    back_off();
  else
    dismiss_holder();
  report_done({});
  context_.on_change();
}

void Child::back_off() {
  const guard::config::BackoffConfig& backoff = options_.command.backoff;
  const bool was_healthy = lifecycle_.starts > 0 && context_.clock.steady_now() - launched_at_ >= backoff.reset_after;
  if (was_healthy) pause_ = backoff.initial;
  lifecycle_.state = State::starting;
  base::log_info("starts again after a pause", {{"workload", options_.name}, {"pause", base::format_duration(pause_)}});
  pause_timer_ = context_.loop.after(pause_, [this] { find_or_launch(); });
  pause_ = std::min(pause_ * 2, backoff.max);
}

void Child::report_done(const base::Status& status) {
  if (auto done = std::exchange(done_, {})) done(status);
}

guard::ChildView Child::view() const {
  const bool is_inside = pid_ > 0 && elsewhere_.empty();
  return {lifecycle_, identity_, is_inside ? cgroup_.get() : std::nullopt, pid_ > 0 ? elsewhere_ : ""};
}

void Child::check() {
  if (cgroup_.mend(options_.name, options_.caps)) return;
  if (pid_ <= 0) return;
  const std::string elsewhere = cgroup_.where_else(pid_);
  if (!elsewhere.empty() && elsewhere_.empty()) base::log_warning(elsewhere, {{"workload", options_.name}});
  elsewhere_ = elsewhere;
}

void Child::remove_cgroup() { cgroup_.remove(options_.name); }

}  // namespace agent

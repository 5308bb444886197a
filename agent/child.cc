#include "agent/child.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <utility>

#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "guard/source/process_tree.h"

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

bool ChildOptions::runs_the_same(const ChildOptions& other) const {
  return argv == other.argv && command.environment == other.command.environment &&
         command.working_dir == other.command.working_dir && command.user == other.command.user;
}

void Child::update(ChildOptions options) {
  options_.command = std::move(options.command);
  options_.caps = options.caps;
}

Child::Child(ChildOptions options, ChildContext& context) : options_(std::move(options)), context_(context) {
  lifecycle_.state = State::stopped;
  pause_ = options_.command.backoff.initial;
}

Child::~Child() {
  // A line begun is not delivered: whoever took the lines may be gone already.
  output_watch_.cancel();
  if (output_ >= 0) ::close(output_);
}

void Child::start() {
  wanted_ = true;
  if (pid_ == 0) launch();
}

base::Status Child::make_cgroup() {
  if (runs_without_cgroup_) return {};
  auto made = cgroup_.make(options_.name, options_.caps);
  if (made || made.error().code == base::Code::conflict) return made;
  runs_without_cgroup_ = true;
  base::log_warning(
      "no cgroup of its own: memory is capped by a resource limit only, other caps are not enforced; "
      "run as root, or in a delegated cgroup, for all caps",
      {{"workload", options_.name}, {"error", made.error().message}});
  return {};
}

// An agent that was killed leaves its command running, with its output cut off, and a command that ended may leave
// processes of its own. Two of them would fight over ports and files, so those are asked to end, and killed when they
// do not.
bool Child::is_waiting_for_leftovers() {
  const auto leftovers = cgroup_.processes();
  if (leftovers.empty()) {
    leftovers_since_.reset();
    return false;
  }
  const base::SteadyTime now = context_.clock.steady_now();
  if (!leftovers_since_) {
    base::log_warning("processes of an earlier run are still there; they are ended first",
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
  base::log_error("cannot start", {{"workload", options_.name}, {"error", error.message}});
  lifecycle_.last_exit = ExitReason::error;
  lifecycle_.last_exit_code = kCannotStart;
  lifecycle_.why = error.message;
  report_done(base::fail(error));
  // A command that never ran is wrong, not failing: only one that is always wanted is tried again.
  if (options_.restart == RestartPolicy::always || lifecycle_.starts > 0)
    back_off();
  else
    wanted_ = false;
  context_.on_change();
}

void Child::launch() {
  pause_timer_.cancel();
  if (auto made = make_cgroup(); !made) return fail_to_start(made.error());
  if (is_waiting_for_leftovers()) return;
  SpawnRequest request;
  request.argv = options_.argv;
  request.environment = options_.command.environment;
  request.working_dir = options_.command.working_dir;
  request.user = options_.command.user;
  request.cgroup = cgroup_.get();
  if (!request.cgroup) request.data_limit = options_.caps.memory;
  oom_kills_before_ = cgroup_.oom_kills();
  auto spawned = spawn(request);
  if (!spawned) return fail_to_start(spawned.error());
  pid_ = spawned->pid;
  output_ = spawned->output;
  output_watch_ = context_.loop.readable(output_, [this] { read_output(); });
  launched_at_ = context_.clock.steady_now();
  lifecycle_.state = State::running;
  lifecycle_.why.clear();
  lifecycle_.started_at = context_.clock.wall_now();
  ++lifecycle_.starts;
  const auto identity = guard::source::process_identity("/", pid_);
  identity_ = {identity ? *identity : "pid:" + std::to_string(pid_), "", "", pid_};
  base::log_info("started", {{"workload", options_.name}, {"pid", pid_}, {"start", lifecycle_.starts}});
  report_done({});
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
  if (pid_ == 0) {
    lifecycle_.state = State::stopped;  // it may have waited to be started again
    return report_done({});
  }
  signal(options_.command.stop_signal);
  kill_timer_ = context_.loop.after(drain, [this] {
    base::log_warning("did not end in time, killing it", {{"workload", options_.name}, {"pid", pid_}});
    signal(SIGKILL);
  });
}

void Child::restart(std::chrono::nanoseconds drain, guard::Children::Done done) {
  overtake("restart");
  if (pid_ != 0) {
    stop(drain, std::move(done));
    wanted_ = true;
    start_after_stop_ = true;
    return;
  }
  done_ = std::move(done);
  wanted_ = true;
  launch();
}

void Child::signal(int number) const {
  if (pid_ > 0) ::kill(-pid_, number);
}

ExitReason Child::reason_for(int wait_status) {
  const bool killed = WIFSIGNALED(wait_status) && WTERMSIG(wait_status) == SIGKILL;
  const auto kills = cgroup_.oom_kills();
  if (killed && kills && oom_kills_before_ && *kills > *oom_kills_before_) return ExitReason::oom_kill;
  if (WIFSIGNALED(wait_status)) return ExitReason::signal;
  return WEXITSTATUS(wait_status) == 0 ? ExitReason::clean : ExitReason::error;
}

void Child::on_exit(int wait_status) {
  read_output();  // what it wrote last
  close_output();
  kill_timer_.cancel();
  lifecycle_.state = State::stopped;
  lifecycle_.last_exit = reason_for(wait_status);
  lifecycle_.last_exit_code = exit_code_of(wait_status);
  base::log_info("ended", {{"workload", options_.name},
                           {"pid", std::exchange(pid_, 0)},
                           {"code", lifecycle_.last_exit_code},
                           {"reason", guard::sample::name_of(lifecycle_.last_exit)}});
  identity_.pid = 0;
  if (std::exchange(start_after_stop_, false)) return launch();
  report_done({});
  if (options_.restart == RestartPolicy::never ||
      (options_.restart == RestartPolicy::on_failure && lifecycle_.last_exit == ExitReason::clean)) {
    wanted_ = false;
  }
  if (wanted_) back_off();
  context_.on_change();
}

void Child::back_off() {
  const guard::config::BackoffConfig& backoff = options_.command.backoff;
  const bool was_healthy = lifecycle_.starts > 0 && context_.clock.steady_now() - launched_at_ >= backoff.reset_after;
  if (was_healthy) pause_ = backoff.initial;
  lifecycle_.state = State::starting;
  base::log_info("starts again after a pause", {{"workload", options_.name}, {"pause", base::format_duration(pause_)}});
  pause_timer_ = context_.loop.after(pause_, [this] { launch(); });
  pause_ = std::min(pause_ * 2, backoff.max);
}

void Child::report_done(const base::Status& status) {
  if (auto done = std::exchange(done_, {})) done(status);
}

void Child::read_output() {
  std::array<char, 16384> buffer;
  // Bounded: a child that writes without end must not keep the loop here.
  for (int reads = 0; output_ >= 0 && reads < 16; ++reads) {
    const ssize_t size = ::read(output_, buffer.data(), buffer.size());
    if (size < 0 && errno == EINTR) continue;
    if (size < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return;
    if (size <= 0) return close_output();
    const std::string_view bytes(buffer.data(), static_cast<std::size_t>(size));
    context_.on_output(bytes);
    lines_.feed(bytes, [this](std::string_view line) { context_.on_line(options_.name, line); });
  }
}

void Child::close_output() {
  if (output_ < 0) return;
  output_watch_.cancel();
  lines_.finish([this](std::string_view line) { context_.on_line(options_.name, line); });
  ::close(std::exchange(output_, -1));
}

guard::ChildView Child::view() const { return {lifecycle_, identity_, pid_ > 0 ? cgroup_.get() : std::nullopt}; }

void Child::remove_cgroup() { cgroup_.remove(options_.name); }

}  // namespace agent

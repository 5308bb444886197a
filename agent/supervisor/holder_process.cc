#include "agent/supervisor/holder_process.h"

#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <utility>

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent/supervisor/holder_wire.h"

namespace agent {
namespace {

// A command that has ended is remembered for so long without an agent.
constexpr int kPatienceMs = 60 * 60 * 1000;

void close_now(int& fd) {
  if (fd >= 0) ::close(std::exchange(fd, -1));
}

// The agent's user, or root: nobody else starts commands here or reads their output.
bool is_trusted(int socket) {
  ucred peer = {};
  socklen_t size = sizeof(peer);
  return ::getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 && (peer.uid == 0 || peer.uid == ::geteuid());
}

class HolderProcess {
 public:
  int run() {
    if (::fcntl(kHolderSocket, F_GETFD) < 0) {
      std::fputs("hold-command is started by the agent, with its socket; it is not for interactive use\n", stderr);
      return 2;
    }
    ::prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
    sigset_t signals;
    ::sigemptyset(&signals);
    for (const int number : {SIGCHLD, SIGTERM, SIGINT, SIGHUP, SIGPIPE}) ::sigaddset(&signals, number);
    ::sigprocmask(SIG_SETMASK, &signals, nullptr);
    signals_ = ::signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
    if (signals_ < 0) return 1;
    for (const int socket : {kHolderSocket, kSpareSocket}) {
      ::fcntl(socket, F_SETFD, FD_CLOEXEC);
      ::fcntl(socket, F_SETFL, O_NONBLOCK);
    }
    if (::fcntl(kSpareSocket, F_GETFD) < 0) spare_ = -1;
    while (!is_done()) {
      if (!wait()) return 0;
    }
    return 0;
  }

 private:
  [[nodiscard]] bool runs() const {
    return state_.phase == HolderPhase::launching || state_.phase == HolderPhase::running;
  }
  // Without an agent, the exit status is kept for the next one, unless the machine is being shut down.
  [[nodiscard]] bool is_done() const { return !runs() && (must_quit_ || (was_terminated_ && agent_ < 0)); }

  // One turn. False when nobody came in time.
  bool wait() {
    // One agent at a time: another one waits until this one is gone.
    std::array<pollfd, 4> polled = {{{signals_, POLLIN, 0},
                                     {agent_ >= 0 ? agent_ : kHolderSocket, POLLIN, 0},
                                     {report_, POLLIN, 0},
                                     {agent_ >= 0 ? -1 : spare_, POLLIN, 0}}};
    const int ready = ::poll(polled.data(), polled.size(), !runs() && agent_ < 0 ? kPatienceMs : -1);
    if (ready == 0) return false;
    if (ready < 0) return errno == EINTR;
    if (polled[2].revents != 0) end_launch();
    if (polled[0].revents != 0) on_signals();
    if (polled[1].revents != 0) agent_ >= 0 ? serve() : accept(kHolderSocket);
    if (polled[3].revents != 0 && agent_ < 0) accept(spare_);
    return true;
  }

  void accept(int socket) {
    agent_ = ::accept4(socket, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (agent_ >= 0 && !is_trusted(agent_)) close_now(agent_);
    report();
  }

  void serve() {
    const Received received = receive_message(agent_);
    if (received.kind == Received::Kind::closed) return close_now(agent_);
    if (received.kind == Received::Kind::nothing_yet) return;
    handle(received.message, received.fd);
    if (received.fd >= 0) ::close(received.fd);
  }

  void handle(const HolderMessage& message, int fd) {
    if (message.version != HolderMessage::kVersion) return;
    switch (message.kind) {
      case HolderMessage::launch:
        state_.set_note(message.get_note());
        if (!runs()) launch(fd);
        break;
      case HolderMessage::note: state_.set_note(message.get_note()); break;
      case HolderMessage::signal:
        if (runs()) ::kill(-state_.pid, message.number);
        break;
      case HolderMessage::quit: must_quit_ = true; break;
      default: break;
    }
  }

  void launch(int fd) {
    close_now(output_);
    state_.wait_status = 0;
    const auto request = read_request(fd);
    const auto begun = request ? begin_spawn(*request) : base::fail(base::Code::internal, "");
    if (!begun) {
      state_.pid = 0;
      fail({errno == 0 ? EINVAL : errno, "begin a process"});
      return;
    }
    state_.pid = begun->pid;
    state_.phase = HolderPhase::launching;
    output_ = begun->output;
    report_ = begun->report;
  }

  void fail(const SpawnFailure& failure) {
    state_.phase = HolderPhase::failed;
    state_.error_number = failure.error_number;
    std::memcpy(state_.step, failure.step, sizeof(state_.step));
    close_now(output_);
    report();
  }

  // The program was executed, or could not be.
  void end_launch() {
    const SpawnFailure failure = read_spawn_report(report_);
    close_now(report_);
    if (failure.error_number != 0) return fail(failure);
    timespec now = {};
    ::clock_gettime(CLOCK_REALTIME, &now);
    state_.started_at = now.tv_sec * 1'000'000'000 + now.tv_nsec;
    state_.phase = HolderPhase::running;
    report();
  }

  void on_signals() {
    signalfd_siginfo signal = {};
    while (::read(signals_, &signal, sizeof(signal)) == static_cast<ssize_t>(sizeof(signal))) {
      const auto number = static_cast<int>(signal.ssi_signo);
      was_terminated_ = was_terminated_ || number == SIGTERM || number == SIGINT;
    }
    int status = 0;
    for (pid_t pid = ::waitpid(-1, &status, WNOHANG); pid > 0; pid = ::waitpid(-1, &status, WNOHANG)) {
      if (pid != state_.pid) continue;  // an orphan
      if (state_.phase == HolderPhase::launching) end_launch();
      if (state_.phase != HolderPhase::running) continue;
      state_.phase = HolderPhase::ended;
      state_.wait_status = status;
      report();
    }
  }

  void report() {
    if (agent_ >= 0 && !send_message(agent_, state_, output_)) close_now(agent_);
  }

  HolderMessage state_;
  int signals_ = -1;
  int spare_ = kSpareSocket;  // -1: there is none
  int agent_ = -1;
  int output_ = -1;
  int report_ = -1;  // of a launch under way
  bool must_quit_ = false;
  bool was_terminated_ = false;
};

}  // namespace

int hold_command() { return HolderProcess().run(); }

}  // namespace agent

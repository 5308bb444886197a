#include "guard/action/process_control.h"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <string>
#include <utility>

#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace guard::action {
namespace {

constexpr std::chrono::seconds kKillDeadline{5};

}  // namespace

base::Result<ProcessHandle> ProcessHandle::open(std::int64_t pid, const std::function<bool()>& is_expected) {
  const std::string process = "process " + std::to_string(pid);
  if (pid <= 0) return base::fail(base::Code::invalid_argument, process + ": not a pid");
  // glibc has had no wrapper for it before 2.36.
  const auto fd = static_cast<int>(::syscall(SYS_pidfd_open, static_cast<pid_t>(pid), 0));
  if (fd < 0) return base::fail(base::error_from_errno(errno, process));
  ProcessHandle handle(fd);
  if (is_expected && !is_expected()) {
    return base::fail(base::Code::conflict, process + " is not the one meant any more");
  }
  return handle;
}

ProcessHandle::ProcessHandle(ProcessHandle&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}

ProcessHandle& ProcessHandle::operator=(ProcessHandle&& other) noexcept {
  std::swap(fd_, other.fd_);
  return *this;
}

ProcessHandle::~ProcessHandle() {
  if (fd_ >= 0) ::close(fd_);
}

base::Status ProcessHandle::signal(int number) const {
  if (::syscall(SYS_pidfd_send_signal, fd_, number, nullptr, 0) == 0) return {};
  return base::fail(base::error_from_errno(errno, "send signal " + std::to_string(number)));
}

base::Status ProcessHandle::wait_until_gone(std::chrono::milliseconds deadline) const {
  const auto end = std::chrono::steady_clock::now() + deadline;
  while (true) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(end - std::chrono::steady_clock::now());
    pollfd watched{fd_, POLLIN, 0};
    const int ready = ::poll(&watched, 1, static_cast<int>(std::clamp<std::int64_t>(left.count(), 0, 1'000'000)));
    if (ready > 0) return {};
    if (ready < 0 && errno != EINTR) return base::fail(base::error_from_errno(errno, "wait for the process"));
    if (ready == 0 && std::chrono::steady_clock::now() >= end) {
      return base::fail(base::Code::deadline_exceeded, "the process has not ended");
    }
  }
}

base::Result<StopOutcome> stop_process(const ProcessHandle& process, int number, std::chrono::milliseconds drain) {
  // Not found: it ended before the signal came.
  const auto is_over = [](const base::Status& status) {
    return !status && status.error().code == base::Code::not_found;
  };
  const base::Status asked = process.signal(number);
  if (is_over(asked)) return StopOutcome::ended;
  if (!asked) return base::fail(asked.error());
  if (process.wait_until_gone(drain)) return StopOutcome::ended;
  const base::Status killed = process.signal(SIGKILL);
  if (!killed && !is_over(killed)) return base::fail(killed.error());
  if (const auto gone = process.wait_until_gone(kKillDeadline); !gone) {
    return base::fail(gone.error().within("after SIGKILL"));
  }
  return StopOutcome::killed;
}

}  // namespace guard::action

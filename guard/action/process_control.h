#pragma once
// Signals a process that is certainly the one meant. A pid may be reused between the look and the blow, a pidfd may
// not: it is opened first, then the caller confirms the identity (guard/source/process_tree.h: process_identity), and
// since the pid cannot pass to another process while the confirmed one lives, the pidfd is the right one.

#include <chrono>
#include <cstdint>
#include <functional>

#include "base/result.h"

namespace guard::action {

class ProcessHandle {
 public:
  // `is_expected` looks at the pid again and says whether it is still the process meant; leave it out only for an
  // own child that nobody has waited for yet. Errors: not_found (no such process), conflict (not the expected one).
  static base::Result<ProcessHandle> open(std::int64_t pid, const std::function<bool()>& is_expected = {});
  ProcessHandle(ProcessHandle&& other) noexcept;
  ProcessHandle& operator=(ProcessHandle&& other) noexcept;
  ~ProcessHandle();

  // Errors: not_found (has ended and was reaped), permission_denied, invalid_argument (no such signal).
  [[nodiscard]] base::Status signal(int number) const;

  // Blocks until the process has ended (it may still wait to be reaped). deadline_exceeded when it has not; cancels
  // nothing. From a worker only; on an event loop watch fd() instead.
  [[nodiscard]] base::Status wait_until_gone(std::chrono::milliseconds deadline) const;

  // Becomes readable when the process ends. Owned by the handle.
  [[nodiscard]] int fd() const { return fd_; }

 private:
  explicit ProcessHandle(int fd) : fd_(fd) {}
  int fd_ = -1;
};

enum class StopOutcome { ended, killed };  // within the drain, or by SIGKILL after it

// `number` first, then up to `drain` to end by itself, then SIGKILL and up to 5 s for the kernel to carry it out.
// A process that has ended already is `ended`. Blocks: from a worker only. Errors: permission_denied,
// deadline_exceeded (SIGKILL did not end it).
base::Result<StopOutcome> stop_process(const ProcessHandle& process, int number, std::chrono::milliseconds drain);

}  // namespace guard::action

#pragma once
// Sends signals to exactly the intended process. A pid can be reused between the check and the signal, a pidfd cannot:
// it is opened first, then the caller confirms the identity (guard/source/process/tree.h: process_identity). Since the
// pid cannot be reused while the confirmed process lives, the pidfd refers to it.

#include <chrono>
#include <cstdint>
#include <functional>

#include "base/result.h"

namespace guard::action {

class ProcessHandle {
 public:
  // `is_expected` reads the pid again and returns whether it is the intended process; omit it only for a child process
  // that has not been waited for. Errors: not_found (no such process), conflict (another process).
  static base::Result<ProcessHandle> open(std::int64_t pid, const std::function<bool()>& is_expected = {});
  ProcessHandle(ProcessHandle&& other) noexcept;
  ProcessHandle& operator=(ProcessHandle&& other) noexcept;
  ~ProcessHandle();

  // Errors: not_found (ended and reaped), permission_denied, invalid_argument (no such signal).
  [[nodiscard]] base::Status signal(int number) const;

  // Blocks until the process has ended (it may still wait to be reaped). Errors: deadline_exceeded. Use a worker; on an
  // event loop watch fd() instead.
  [[nodiscard]] base::Status wait_until_gone(std::chrono::milliseconds deadline) const;

  // Becomes readable when the process ends. Owned by the handle.
  [[nodiscard]] int fd() const { return fd_; }

 private:
  explicit ProcessHandle(int fd) : fd_(fd) {}
  int fd_ = -1;
};

enum class StopOutcome { ended, killed };  // within the drain time, or by SIGKILL

// Sends `number`, waits up to `drain`, then sends SIGKILL and waits up to 5 s. Blocks: use a worker. A process that has
// ended already is `ended`. Errors: permission_denied, deadline_exceeded (SIGKILL did not end it).
base::Result<StopOutcome> stop_process(const ProcessHandle& process, int number, std::chrono::milliseconds drain);

}  // namespace guard::action

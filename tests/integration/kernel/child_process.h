#pragma once
// A child that does one thing inside a cgroup: it waits until it has been put there, works, says that it is done, and
// stays until it is killed.

#include <functional>

#include <sys/types.h>

namespace guard {

class ChildProcess {
 public:
  // Forks; `work` runs in the child, after begin(), single-threaded. When it returns the child pauses for ever.
  explicit ChildProcess(const std::function<void()>& work);
  ~ChildProcess();  // kills and reaps
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  [[nodiscard]] pid_t pid() const { return pid_; }
  void begin();
  // True when the work is done; false when the child ended before.
  [[nodiscard]] bool wait_until_done();
  // Waits for its end and returns waitpid's status.
  int reap();

 private:
  pid_t pid_ = -1;
  int begin_fd_ = -1;
  int done_fd_ = -1;
};

// Touches so much memory and locks it, so that the kernel can neither swap it nor take it back.
void hold_memory(std::size_t bytes);
// Uses the CPU until this process has used so much time.
void burn_cpu(double seconds);

}  // namespace guard

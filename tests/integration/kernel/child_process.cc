#include "tests/integration/kernel/child_process.h"

#include <csignal>
#include <cstdlib>
#include <ctime>
#include <utility>

#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace guard {

ChildProcess::ChildProcess(const std::function<void()>& work) {
  int begin[2] = {-1, -1};
  int done[2] = {-1, -1};
  if (::pipe(begin) != 0 || ::pipe(done) != 0) std::abort();
  pid_ = ::fork();
  if (pid_ == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);  // a test that crashes leaves nothing behind
    ::close(begin[1]);
    ::close(done[0]);
    char byte = 0;
    if (::read(begin[0], &byte, 1) == 1) {
      work();
      static_cast<void>(!::write(done[1], "d", 1));
    }
    while (true) ::pause();
  }
  ::close(begin[0]);
  ::close(done[1]);
  begin_fd_ = begin[1];
  done_fd_ = done[0];
}

ChildProcess::~ChildProcess() {
  if (pid_ > 0) {
    ::kill(pid_, SIGKILL);
    reap();
  }
  ::close(begin_fd_);
  ::close(done_fd_);
}

void ChildProcess::begin() { static_cast<void>(!::write(begin_fd_, "b", 1)); }

bool ChildProcess::wait_until_done() {
  char byte = 0;
  return ::read(done_fd_, &byte, 1) == 1;
}

int ChildProcess::reap() {
  int status = 0;
  ::waitpid(std::exchange(pid_, -1), &status, 0);
  return status;
}

void hold_memory(std::size_t bytes) {
  void* memory =
      ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_LOCKED | MAP_POPULATE, -1, 0);
  if (memory == MAP_FAILED) std::_Exit(3);
  auto* pages = static_cast<volatile char*>(memory);
  for (std::size_t at = 0; at < bytes; at += 4096) pages[at] = 1;
}

void burn_cpu(double seconds) {
  const auto used = [] {
    timespec time{};
    ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
  };
  const double end = used() + seconds;
  while (used() < end) {
  }
}

}  // namespace guard

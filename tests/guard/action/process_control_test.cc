#include "guard/action/process_control.h"

#include <cerrno>
#include <csignal>
#include <functional>

#include <sys/wait.h>
#include <unistd.h>

#include <gtest/gtest.h>

namespace guard::action {
namespace {

using std::chrono::milliseconds;

// A child that lives until it is told to end; reaped at the end.
class Child {
 public:
  enum class Term { obeys, ignores };
  explicit Child(Term term = Term::obeys) {
    int ready[2] = {-1, -1};
    if (::pipe(ready) != 0) return;
    pid_ = ::fork();
    if (pid_ == 0) {
      if (term == Term::ignores) ::signal(SIGTERM, SIG_IGN);
      static_cast<void>(::write(ready[1], "r", 1));
      while (true) ::pause();
    }
    char byte = 0;
    static_cast<void>(::read(ready[0], &byte, 1));  // only now does it ignore what it is to ignore
    ::close(ready[0]);
    ::close(ready[1]);
  }
  ~Child() {
    if (pid_ <= 0) return;
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  [[nodiscard]] pid_t pid() const { return pid_; }
  void reap() {
    ::waitpid(pid_, nullptr, 0);
    pid_ = -1;
  }

 private:
  pid_t pid_ = -1;
};

TEST(ProcessHandle, SignalsTheProcessAndSeesItsEnd) {
  const Child child;
  const auto process = ProcessHandle::open(child.pid());
  ASSERT_TRUE(process);
  EXPECT_EQ(process->wait_until_gone(milliseconds(0)).error().code, base::Code::deadline_exceeded);
  EXPECT_TRUE(process->signal(SIGTERM));
  EXPECT_TRUE(process->wait_until_gone(milliseconds(10'000)));
}

TEST(ProcessHandle, TouchesNothingWhenItIsNotTheProcessMeant) {
  const Child child;
  const auto process = ProcessHandle::open(child.pid(), [] { return false; });
  ASSERT_FALSE(process);
  EXPECT_EQ(process.error().code, base::Code::conflict);
  EXPECT_EQ(::kill(child.pid(), 0), 0);
}

TEST(ProcessHandle, IsConfirmedOnlyAfterItIsOpen) {
  Child child;
  // Ends and is reaped between the look and the blow: the handle must not pass on to whoever gets the pid next.
  const auto process = ProcessHandle::open(child.pid(), [&] {
    ::kill(child.pid(), SIGKILL);
    child.reap();
    return true;
  });
  ASSERT_TRUE(process);
  EXPECT_EQ(process->signal(SIGTERM).error().code, base::Code::not_found);
}

TEST(ProcessHandle, IsNotFoundForNoProcess) {
  Child child;
  const pid_t pid = child.pid();
  ::kill(pid, SIGKILL);
  child.reap();
  EXPECT_EQ(ProcessHandle::open(pid).error().code, base::Code::not_found);
}

TEST(ProcessHandle, RefusesGroupsAndEveryone) {
  for (const int pid : {0, -1, -42}) {
    EXPECT_EQ(ProcessHandle::open(pid).error().code, base::Code::invalid_argument) << pid;
  }
}

TEST(ProcessHandle, RefusesASignalThatIsNone) {
  const Child child;
  const auto process = ProcessHandle::open(child.pid());
  ASSERT_TRUE(process);
  EXPECT_EQ(process->signal(4096).error().code, base::Code::invalid_argument);
}

TEST(StopProcess, EndsWhatObeys) {
  const Child child;
  const auto process = ProcessHandle::open(child.pid());
  ASSERT_TRUE(process);
  const auto outcome = stop_process(*process, SIGTERM, milliseconds(10'000));
  ASSERT_TRUE(outcome);
  EXPECT_EQ(*outcome, StopOutcome::ended);
}

TEST(StopProcess, KillsWhatDoesNot) {
  const Child child(Child::Term::ignores);
  const auto process = ProcessHandle::open(child.pid());
  ASSERT_TRUE(process);
  const auto outcome = stop_process(*process, SIGTERM, milliseconds(20));
  ASSERT_TRUE(outcome);
  EXPECT_EQ(*outcome, StopOutcome::killed);
}

TEST(StopProcess, TakesAProcessThatHasEndedForDone) {
  Child child;
  const auto process = ProcessHandle::open(child.pid());
  ASSERT_TRUE(process);
  ::kill(child.pid(), SIGKILL);
  child.reap();
  const auto outcome = stop_process(*process, SIGTERM, milliseconds(0));
  ASSERT_TRUE(outcome);
  EXPECT_EQ(*outcome, StopOutcome::ended);
}

}  // namespace
}  // namespace guard::action

// One child without a supervisor: the test itself says when its process has ended.

#include "agent/supervisor/child.h"

#include <chrono>
#include <csignal>

#include <sys/wait.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "tests/agent/supervisor/nursery.h"

namespace agent {
namespace {

using std::chrono::seconds;

TEST(ChildOptions, OfAnotherCommandHaveAnotherFingerprint) {
  const ChildOptions options = Nursery::shell("one");
  ChildOptions capped = options;
  capped.caps.pids = 5;
  capped.command.stop_timeout = seconds(1);
  EXPECT_EQ(capped.fingerprint(), options.fingerprint()) << "changed on the running one";
  EXPECT_NE(Nursery::shell("two").fingerprint(), options.fingerprint());
  ChildOptions given = options;
  given.command.environment = {{"A", "1"}};
  EXPECT_NE(given.fingerprint(), options.fingerprint());
  ChildOptions joined = options;
  joined.argv = {"/bin/sh", "-cone"};
  EXPECT_NE(joined.fingerprint(), options.fingerprint());
}

TEST(ChildOptions, RootsCommandsAreNobodyUnlessTold) {
  ChildOptions options = Nursery::shell("");
  EXPECT_EQ(options.user(), "") << "exec's are the caller's";
  options.outlives_agent = true;
  EXPECT_EQ(options.user(), ::geteuid() == 0 ? "nobody" : "");
  options.command.user = "root";
  EXPECT_EQ(options.user(), "root");
}

TEST(ChildStop, HoldsThoughWhoeverItOvertakesAsksForARestart) {
  base::ManualClock clock;
  base::EventLoop loop;
  ChildContext context{loop, clock, [](const std::string&, std::string_view) {},
                       [](std::string_view, const std::function<void()>& done) { done(); }, [] {}};
  Child child(Nursery::shell("exec sleep 60"), context);
  child.start();
  int cancelled = 0;
  bool is_stopped = false;
  const auto count = [&](const base::Status& status) { cancelled += status ? 0 : 1; };
  child.restart(seconds(60), [&](const base::Status& status) {
    count(status);
    child.restart(seconds(60), count);
  });
  child.stop(seconds(60), [&](const base::Status& status) { is_stopped = status.has_value(); });
  int wait_status = 0;
  ASSERT_EQ(::waitpid(child.pid(), &wait_status, 0), child.pid());
  child.on_exit(wait_status);
  EXPECT_TRUE(child.is_over());
  EXPECT_TRUE(is_stopped);
  EXPECT_EQ(cancelled, 2);
  child.signal(SIGKILL);
  child.remove_cgroup();
}

// While what an earlier run left behind is being ended, nothing runs and one restart waits. The one that overtakes it,
// and another that is asked for at that very moment, end in one start, and all but the last are told.
TEST(ChildRestart, OvertakesEveryRestartBeforeIt) {
  base::ManualClock clock;
  base::EventLoop loop;
  ChildContext context{loop, clock, [](const std::string&, std::string_view) {},
                       [](std::string_view, const std::function<void()>& done) { done(); }, [] {}};
  Child child(Nursery::shell("trap '' TERM; sleep 60 & exit 0"), context);
  child.start();
  int wait_status = 0;
  ASSERT_EQ(::waitpid(child.pid(), &wait_status, 0), child.pid());
  child.on_exit(wait_status);
  int cancelled = 0;
  const auto count = [&](const base::Status& status) { cancelled += status ? 0 : 1; };
  child.restart(seconds(60), [&](const base::Status& status) {
    count(status);
    child.restart(seconds(60), count);
  });
  if (child.pid() != 0) GTEST_SKIP() << "without a cgroup of its own nothing is known of what a run left behind";
  child.restart(seconds(60), [](const base::Status&) {});
  EXPECT_EQ(cancelled, 2);
  EXPECT_EQ(child.pid(), 0);
  child.stop(seconds(60), [](const base::Status&) {});
  child.remove_cgroup();
}

}  // namespace
}  // namespace agent

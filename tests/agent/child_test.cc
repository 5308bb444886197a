// One child without a supervisor: the test itself says when its process has ended.

#include "agent/child.h"

#include <chrono>
#include <csignal>

#include <sys/wait.h>

#include <gtest/gtest.h>

#include "tests/agent/nursery.h"

namespace agent {
namespace {

using std::chrono::seconds;

TEST(ChildStop, HoldsThoughWhoeverItOvertakesAsksForARestart) {
  base::ManualClock clock;
  base::EventLoop loop;
  ChildContext context{loop, clock, [](const std::string&, std::string_view) {}, [](std::string_view) {}, [] {}};
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

}  // namespace
}  // namespace agent

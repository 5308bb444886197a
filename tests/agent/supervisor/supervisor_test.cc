// Real, short commands under a real loop.

#include "agent/supervisor/supervisor.h"

#include <algorithm>
#include <cerrno>
#include <chrono>

#include <sys/prctl.h>
#include <sys/wait.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/agent/supervisor/nursery.h"

namespace agent {
namespace {

using guard::sample::ExitReason;
using guard::sample::State;
using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::ElementsAre;
using Steady = std::chrono::steady_clock;

// Answers SIGTERM with exit code 0 (5 with "5"), after it has printed "ready".
std::string polite(const std::string& code = "0") {
  return "trap 'exit " + code + "' TERM; echo ready; while :; do sleep 0.01; done";
}
constexpr const char* kStubborn = "trap '' TERM; echo ready; while :; do sleep 0.01; done";

TEST(Output, IsDeliveredInLines) {
  Nursery nursery;
  nursery.add(Nursery::shell("echo one; echo two >&2"));
  nursery.run_until([&] { return nursery.supervisor.is_over(); });
  EXPECT_THAT(nursery.lines, ElementsAre("one", "two"));
}

TEST(Output, EndsWithTheLastLineThoughItHasNoEnd) {
  Nursery nursery;
  nursery.add(Nursery::shell("printf 'one\\ntwo'"));
  nursery.run_until([&] { return nursery.supervisor.is_over(); });
  EXPECT_THAT(nursery.lines, ElementsAre("one", "two"));
}

TEST(Output, HalfALineIsNotDeliveredToWhatIsGone) {
  int delivered = 0;
  base::ManualClock clock;
  base::EventLoop loop;
  ChildContext context{loop, clock, [&](const std::string&, std::string_view) { ++delivered; },
                       [](std::string_view, const std::function<void()>& done) { done(); }, [] {}};
  pid_t pid = 0;
  {
    Child child(Nursery::shell("printf half; exec sleep 60"), context);
    child.start();
    pid = child.pid();
    child.signal(SIGKILL);
    (void)::waitid(P_PID, static_cast<id_t>(pid), nullptr, WEXITED);
    child.remove_cgroup();
  }
  EXPECT_EQ(delivered, 0);
}

TEST(Exit, CodeIsTheCommands) {
  Nursery nursery;
  nursery.add(Nursery::shell("exit 7"));
  nursery.run_until([&] { return nursery.supervisor.is_over(); });
  EXPECT_EQ(nursery.supervisor.exit_code(), 7);
  EXPECT_EQ(nursery.view().lifecycle.last_exit, ExitReason::error);
}

TEST(Exit, CodeOfASignalIsAsAShellHasIt) {
  Nursery nursery;
  nursery.add(Nursery::shell("kill -USR1 $$"));
  nursery.run_until([&] { return nursery.supervisor.is_over(); });
  EXPECT_EQ(nursery.supervisor.exit_code(), 128 + SIGUSR1);
  EXPECT_EQ(nursery.view().lifecycle.last_exit, ExitReason::signal);
}

TEST(Exit, CodeOfAProgramThatCannotStartIs127) {
  Nursery nursery;
  ChildOptions options = Nursery::shell("");
  options.argv = {"no-such-program-anywhere"};
  nursery.add(std::move(options));
  nursery.run_until([&] { return nursery.supervisor.is_over(); });
  EXPECT_EQ(nursery.supervisor.exit_code(), 127);
}

TEST(RestartPolicy, OnFailureLeavesACleanEndAlone) {
  Nursery nursery;
  nursery.add(Nursery::shell("exit 0", RestartPolicy::on_failure));
  nursery.run_until([&] { return nursery.supervisor.is_over(); });
  EXPECT_EQ(nursery.view().lifecycle.starts, 1u);
}

TEST(RestartPolicy, AlwaysStartsAgainAfterACleanEnd) {
  Nursery nursery;
  ChildOptions options = Nursery::shell("exit 0", RestartPolicy::always);
  options.command.backoff.initial = milliseconds(1);
  nursery.add(std::move(options));
  nursery.run_until([&] { return nursery.view().lifecycle.starts >= 3; });
  EXPECT_GE(nursery.view().lifecycle.starts, 3u);
}

// How long five starts of a command that fails at once take.
Steady::duration time_of_five_starts(base::Duration initial, base::Duration reset_after) {
  Nursery nursery;
  ChildOptions options = Nursery::shell("exit 3", RestartPolicy::on_failure);
  options.command.backoff = {initial, std::chrono::hours(1), reset_after};
  nursery.add(std::move(options));
  const auto began = Steady::now();
  nursery.run_until([&] { return nursery.view().lifecycle.starts >= 5; });
  return Steady::now() - began;
}

TEST(Backoff, DoublesWithEveryRunThatEndsEarly) {
  EXPECT_GE(time_of_five_starts(milliseconds(20), std::chrono::hours(1)), milliseconds(20 + 40 + 80 + 160));
}

TEST(Backoff, BeginsAnewAfterAHealthyRun) {
  // Every run counts as healthy here; with pauses that doubled, five starts would take 7.5 s.
  EXPECT_LT(time_of_five_starts(milliseconds(500), seconds(0)), milliseconds(7500));
}

TEST(Backoff, IsBounded) {
  Nursery nursery;
  ChildOptions options = Nursery::shell("exit 3", RestartPolicy::on_failure);
  options.command.backoff = {milliseconds(1), milliseconds(4), std::chrono::hours(1)};
  nursery.add(std::move(options));
  // Pauses that doubled without bound would take two minutes for 18 starts, past the deadline.
  nursery.run_until([&] { return nursery.view().lifecycle.starts >= 18; });
  EXPECT_GE(nursery.view().lifecycle.starts, 18u);
}

TEST(Backoff, ShowsAsStarting) {
  Nursery nursery;
  ChildOptions options = Nursery::shell("exit 3", RestartPolicy::on_failure);
  options.command.backoff.initial = std::chrono::hours(1);
  options.command.backoff.max = std::chrono::hours(1);
  nursery.add(std::move(options));
  State state = State::unknown;
  nursery.run_until([&] { return (state = nursery.view().lifecycle.state) == State::starting; });
  EXPECT_EQ(state, State::starting);
}

TEST(Stop, AsksFirst) {
  Nursery nursery;
  ChildOptions options = Nursery::shell(polite("5"));
  nursery.add(std::move(options));
  nursery.run_until([&] { return !nursery.lines.empty(); });
  EXPECT_EQ(nursery.supervisor.exit_code(), 5);
}

TEST(Stop, UsesTheConfiguredSignal) {
  Nursery nursery;
  ChildOptions options = Nursery::shell("trap 'exit 6' INT; trap '' TERM; echo ready; while :; do sleep 0.01; done");
  options.command.stop_signal = SIGINT;
  nursery.add(std::move(options));
  nursery.run_until([&] { return !nursery.lines.empty(); });
  EXPECT_EQ(nursery.supervisor.exit_code(), 6);
}

TEST(Stop, KillsWhatDoesNotEndInTime) {
  Nursery nursery;
  ChildOptions options = Nursery::shell(kStubborn);
  options.command.stop_timeout = milliseconds(50);
  nursery.add(std::move(options));
  nursery.run_until([&] { return !nursery.lines.empty(); });
  EXPECT_EQ(nursery.supervisor.exit_code(), 128 + SIGKILL);
}

TEST(Stop, IsAnsweredAtOnceWhereNothingRuns) {
  Nursery nursery;
  nursery.add(Nursery::shell("exit 0"));
  bool stopped = false;
  nursery.supervisor.stop(nursery.name, seconds(10), [&](const base::Status& status) { stopped = status.has_value(); });
  EXPECT_TRUE(stopped);
}

TEST(Stop, OfAnUnknownNameIsRefused) {
  Nursery nursery;
  base::Code code = base::Code::internal;
  nursery.supervisor.stop("nobody", seconds(1), [&](const base::Status& status) { code = status.error().code; });
  EXPECT_EQ(code, base::Code::not_found);
}

TEST(Restart, IsDoneWhenTheNextRunHasBegun) {
  Nursery nursery;
  nursery.add(Nursery::shell(polite(), RestartPolicy::always));
  std::uint64_t starts_when_done = 0;
  nursery.on_line = [&](const std::string&) {
    if (nursery.lines.size() > 1) return;
    nursery.supervisor.restart(nursery.name, seconds(10), [&](const base::Status& status) {
      EXPECT_TRUE(status);
      starts_when_done = nursery.view().lifecycle.starts;
    });
  };
  // Between the two the shell may say that its sleep was terminated.
  nursery.run_until([&] { return std::ranges::count(nursery.lines, "ready") >= 2; });
  EXPECT_EQ(starts_when_done, 2u);
}

TEST(Restart, OfWhatDoesNotRunStartsIt) {
  Nursery nursery;
  nursery.add(Nursery::shell(polite()));
  bool restarted = false;
  nursery.supervisor.restart(nursery.name, seconds(10), [&](const base::Status& status) {
    restarted = status.has_value() && nursery.view().lifecycle.starts == 1;
  });
  nursery.run_until([&] { return !nursery.lines.empty(); });
  EXPECT_TRUE(restarted);
}

TEST(Restart, IsOvertakenByAStop) {
  Nursery nursery;
  nursery.add(Nursery::shell(polite(), RestartPolicy::always));
  base::Status restarted;
  bool stopped = false;
  nursery.on_line = [&](const std::string&) {
    nursery.supervisor.restart(nursery.name, seconds(10), [&](const base::Status& status) { restarted = status; });
    nursery.supervisor.stop(nursery.name, seconds(10), [&](const base::Status&) { stopped = true; });
  };
  nursery.run_until([&] { return stopped; });
  ASSERT_FALSE(restarted);
  EXPECT_EQ(restarted.error().code, base::Code::cancelled);
  EXPECT_EQ(nursery.view().lifecycle.starts, 1u);
  EXPECT_TRUE(nursery.supervisor.is_over());
}

TEST(Reaper, CollectsOrphansThatAreNobodysChild) {
  ::prctl(PR_SET_CHILD_SUBREAPER, 1);  // as PID 1 of a container is
  Nursery nursery;
  nursery.add(Nursery::shell("sleep 0.05 & echo $!"));
  nursery.run_until(
      [&] { return !nursery.lines.empty() && ::kill(static_cast<pid_t>(std::stol(nursery.lines[0])), 0) != 0; });
  ::prctl(PR_SET_CHILD_SUBREAPER, 0);
  EXPECT_EQ(::kill(static_cast<pid_t>(std::stol(nursery.lines.at(0))), 0), -1) << "a zombie would still be there";
  EXPECT_EQ(errno, ESRCH);
}

TEST(Reload, LeavesAnUnchangedCommandAlone) {
  Nursery nursery;
  nursery.add(Nursery::shell(polite()));
  nursery.on_line = [&](const std::string&) {
    ChildOptions same = Nursery::shell(polite());
    same.caps.pids = 100;
    nursery.supervisor.replace({same});
  };
  nursery.run_until([&] { return !nursery.lines.empty(); });
  EXPECT_EQ(nursery.view().lifecycle.starts, 1u);
  EXPECT_EQ(std::ranges::count(nursery.lines, "ready"), 1);
}

TEST(Reload, StopsACommandThatIsGone) {
  Nursery nursery;
  nursery.add(Nursery::shell(polite()));
  pid_t pid = 0;
  nursery.on_line = [&](const std::string& line) {
    if (line != "ready") return;  // a shell may say "Terminated" when it is already gone from the supervisor's view
    pid = static_cast<pid_t>(nursery.view().identity.pid);
    nursery.supervisor.replace({});
  };
  nursery.run_until([&] { return pid != 0 && ::kill(pid, 0) != 0; });
  EXPECT_FALSE(nursery.supervisor.view(nursery.name).has_value());
}

TEST(Reload, StartsACommandThatHasChanged) {
  Nursery nursery;
  nursery.add(Nursery::shell(polite()));
  nursery.on_line = [&](const std::string& line) {
    if (line == "ready") nursery.supervisor.replace({Nursery::shell("echo changed; exec sleep 60")});
  };
  nursery.run_until([&] { return !nursery.lines.empty() && nursery.lines.back() == "changed"; });
  EXPECT_EQ(std::ranges::count(nursery.lines, "ready"), 1);
  EXPECT_EQ(std::ranges::count(nursery.lines, "changed"), 1);
}

TEST(Start, LeavesOutWhatIsHeldUntilItIsAskedFor) {
  Nursery nursery;
  nursery.add(Nursery::shell("echo ran"));
  nursery.supervisor.start_all({nursery.name});
  EXPECT_EQ(nursery.view().lifecycle.starts, 0U);
  EXPECT_EQ(nursery.view().lifecycle.state, State::stopped);
  nursery.supervisor.start(nursery.name);
  nursery.supervisor.start("unheard of");
  EXPECT_EQ(nursery.view().lifecycle.starts, 1U);
  // Its cgroup goes with it.
  nursery.supervisor.stop_all([&] { nursery.loop.stop(); });
  nursery.loop.run();
}

}  // namespace
}  // namespace agent

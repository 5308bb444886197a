#include "agent/supervisor/spawn.h"

#include <csignal>
#include <cstdlib>

#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace agent {
namespace {

using testing::HasSubstr;

// Everything that the process printed until it ended, and its status.
struct Ended {
  std::string output;
  int status = -1;
};

Ended wait_for(const Spawned& spawned) {
  Ended ended;
  pollfd waiting = {spawned.output, POLLIN, 0};
  char buffer[4096];
  while (::poll(&waiting, 1, 20000) > 0) {
    const ssize_t size = ::read(spawned.output, buffer, sizeof(buffer));
    if (size <= 0) break;
    ended.output.append(buffer, static_cast<std::size_t>(size));
  }
  ::close(spawned.output);
  ::waitpid(spawned.pid, &ended.status, 0);
  return ended;
}

SpawnRequest shell(const std::string& script) {
  SpawnRequest request;
  request.argv = {"sh", "-c", script};
  request.environment = command_environment({}, false);
  return request;
}

std::string output_of(const SpawnRequest& request) {
  const auto spawned = spawn(request);
  if (!spawned) return "not started: " + spawned.error().message;
  return wait_for(*spawned).output;
}

TEST(Spawn, LooksTheProgramUpInThePath) { EXPECT_EQ(output_of(shell("echo started")), "started\n"); }

TEST(Spawn, JoinsOutputAndErrors) { EXPECT_EQ(output_of(shell("echo out; echo err >&2")), "out\nerr\n"); }

TEST(Spawn, GivesTheExitStatusToWhoWaits) {
  const auto spawned = spawn(shell("exit 7"));
  ASSERT_TRUE(spawned);
  const Ended ended = wait_for(*spawned);
  ASSERT_TRUE(WIFEXITED(ended.status));
  EXPECT_EQ(WEXITSTATUS(ended.status), 7);
}

TEST(WrapperEnvironment, AddsToTheAgentsOwn) {
  ::setenv("SPAWN_TEST_KEPT", "kept", 1);
  ::setenv("SPAWN_TEST_REPLACED", "old", 1);
  SpawnRequest request = shell("echo $SPAWN_TEST_KEPT $SPAWN_TEST_REPLACED $SPAWN_TEST_ADDED");
  request.environment = wrapper_environment({{"SPAWN_TEST_REPLACED", "new"}, {"SPAWN_TEST_ADDED", "added"}});
  EXPECT_EQ(output_of(request), "kept new added\n");
  ::unsetenv("SPAWN_TEST_KEPT");
  ::unsetenv("SPAWN_TEST_REPLACED");
}

TEST(WrapperEnvironment, KeepsTheServiceManagersWordsToTheAgent) {
  constexpr const char* kWords[] = {"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID", "LISTEN_FDS", "LISTEN_PID"};
  for (const char* name : kWords) ::setenv(name, "1", 1);
  SpawnRequest request = shell("echo \"[$NOTIFY_SOCKET$WATCHDOG_USEC$WATCHDOG_PID$LISTEN_FDS$LISTEN_PID]\"");
  request.environment = wrapper_environment({});
  EXPECT_EQ(output_of(request), "[]\n");
  for (const char* name : kWords) ::unsetenv(name);
}

TEST(CommandEnvironment, HasNothingOfTheAgentsOwn) {
  ::setenv("SPAWN_TEST_SECRET", "secret", 1);
  SpawnRequest request;
  request.argv = {"env"};
  request.environment = command_environment({{"GIVEN", "given"}}, false);
  EXPECT_EQ(output_of(request),
            "GIVEN=given\nPATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\nLANG=C.UTF-8\n");
  ::unsetenv("SPAWN_TEST_SECRET");
}

TEST(CommandEnvironment, LooksTheProgramUpInTheGivenPath) {
  SpawnRequest request;
  request.argv = {"sh", "-c", "echo found"};
  request.environment = command_environment({{"PATH", "/no/such/folder"}}, false);
  EXPECT_EQ(output_of(request), "not started: sh: cannot execute the program: No such file or directory");
  request.environment = command_environment({{"PATH", "/no/such/folder:/bin"}}, false);
  EXPECT_EQ(output_of(request), "found\n");
}

TEST(Spawn, LeavesNoWayToGainPrivileges) {
  EXPECT_THAT(output_of(shell("cat /proc/$$/status")), HasSubstr("NoNewPrivs:\t1\n"));
}

TEST(Spawn, BecomesTheUserAndTellsItWhoItIs) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root to become another user";
  SpawnRequest request = shell("id -un; id -G; echo $USER $HOME");
  request.user = "nobody";
  EXPECT_EQ(output_of(request), "nobody\n65534\nnobody /nonexistent\n");
}

TEST(Spawn, GivesBackTheLimitOfOpenFiles) {
  SpawnRequest request = shell("ulimit -Sn");
  request.open_files = 77;
  EXPECT_EQ(output_of(request), "77\n");
}

TEST(Spawn, GivesBackTheSignalsThatTheAgentBlocksAndIgnores) {
  sigset_t blocked;
  sigset_t before;
  ::sigemptyset(&blocked);
  ::sigaddset(&blocked, SIGUSR1);
  ::sigprocmask(SIG_BLOCK, &blocked, &before);
  auto* const handler = std::signal(SIGPIPE, SIG_IGN);
  const std::string status = output_of(shell("exec cat /proc/self/status"));
  (void)std::signal(SIGPIPE, handler);
  ::sigprocmask(SIG_SETMASK, &before, nullptr);
  EXPECT_THAT(status, HasSubstr("SigBlk:\t0000000000000000"));
  // Signals 32 and 33 are the C library's own, which gives nobody their handlers: whoever ran the test may ignore them.
  const auto ignored = std::stoull(status.substr(status.find("SigIgn:") + 7), nullptr, 16);
  EXPECT_EQ(ignored & ~0x180000000ULL, 0U);
}

TEST(Spawn, LeadsAProcessGroupOfItsOwn) {
  EXPECT_EQ(output_of(shell("test $(cut -d' ' -f5 /proc/$$/stat) = $$ && echo leads")), "leads\n");
}

TEST(Spawn, ReadsFromNowhere) { EXPECT_EQ(output_of(shell("readlink /proc/$$/fd/0")), "/dev/null\n"); }

TEST(Spawn, HandsNoFileDescriptorsOn) {
  EXPECT_EQ(output_of(shell("for f in /proc/$$/fd/*; do test ${f##*/} -gt 2 && readlink $f; done; echo end")), "end\n");
}

TEST(Spawn, EntersTheWorkingFolder) {
  SpawnRequest request = shell("pwd");
  request.working_dir = "/usr";
  EXPECT_EQ(output_of(request), "/usr\n");
}

TEST(Spawn, LimitsTheDataSegmentWhereThereIsNoCgroup) {
  SpawnRequest request = shell("ulimit -d");
  request.data_limit = base::mebibytes(64);
  EXPECT_EQ(output_of(request), "65536\n");
}

// What went wrong in which step.
void expect_failure(const SpawnRequest& request, base::Code code, const std::string& step) {
  const auto spawned = spawn(request);
  ASSERT_FALSE(spawned) << step;
  EXPECT_EQ(spawned.error().code, code) << spawned.error().message;
  EXPECT_THAT(spawned.error().message, HasSubstr(step));
}

TEST(SpawnFailure, NamesTheProgramThatThereIsNot) {
  SpawnRequest request;
  request.argv = {"no-such-program-anywhere"};
  expect_failure(request, base::Code::not_found, "no-such-program-anywhere: cannot execute the program");
}

TEST(SpawnFailure, IsADenialWhereTheFileIsNoProgram) {
  SpawnRequest request;
  request.argv = {"/etc/passwd"};
  expect_failure(request, base::Code::permission_denied, "execute the program");
}

TEST(SpawnFailure, NamesTheFolderStep) {
  SpawnRequest request = shell("true");
  request.working_dir = "/no/such/folder";
  expect_failure(request, base::Code::not_found, "enter its working folder");
}

TEST(SpawnFailure, NamesTheUserThatThereIsNot) {
  SpawnRequest request = shell("true");
  request.user = "nobody-of-this-name";
  expect_failure(request, base::Code::not_found, "find the user that `user` names");
}

TEST(SpawnFailure, NamesTheCgroupStep) {
  SpawnRequest request = shell("true");
  request.cgroup_files = {"/no/such/cgroup/cgroup.procs"};
  expect_failure(request, base::Code::not_found, "enter the cgroup");
}

TEST(SpawnFailure, WantsACommand) { expect_failure({}, base::Code::invalid_argument, "no command"); }

TEST(SpawnFailure, LeavesNoZombie) {
  SpawnRequest request;
  request.argv = {"no-such-program-anywhere"};
  (void)spawn(request);
  EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1);
  EXPECT_EQ(errno, ECHILD);
}

}  // namespace
}  // namespace agent

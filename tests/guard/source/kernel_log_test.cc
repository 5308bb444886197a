#include "guard/source/host/kernel_log.h"

#include <string>

#include <sys/socket.h>
#include <unistd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "guard/source/host/kernel_log_parser.h"
#include "tests/base/temporary_folder.h"

namespace guard::source {
namespace {

using testing::HasSubstr;
using testing::SizeIs;

// As Linux 6.1 writes them.
constexpr const char* kChoice =
    "oom-kill:constraint=CONSTRAINT_NONE,nodemask=(null),cpuset=docker-3f2a.scope,mems_allowed=0,global_oom,"
    "task_memcg=/system.slice/docker-3f2a.scope,task=python3,pid=4242,uid=0";
constexpr const char* kKilled =
    "Out of memory: Killed process 4242 (python3) total-vm:91636kB, anon-rss:82944kB, file-rss:5632kB, shmem-rss:0kB, "
    "UID:0 pgtables:212kB oom_score_adj:1000";
constexpr const char* kCgroupKilled =
    "Memory cgroup out of memory: Killed process 77 (sh) total-vm:4kB, anon-rss:1kB, file-rss:0kB, shmem-rss:0kB";

TEST(KernelRecord, IsItsTextWithoutItsDictionary) {
  EXPECT_EQ(parse_kernel_record("6,339,5140900,-;NET: Registered\n SUBSYSTEM=net\n"), "NET: Registered");
}

TEST(KernelRecord, OfAProgramIsNotBelieved) {
  EXPECT_FALSE(parse_kernel_record("12,339,5140900,-;Out of memory: Killed process 1 (a) total-vm:4kB"));
}

TEST(KernelRecord, RefusesAnotherForm) {
  for (const char* text : {"", "6", "6,1,2,-", ";x", "a,1,2,-;x", "-1,1,2,-;x"})
    EXPECT_FALSE(parse_kernel_record(text)) << text;
}

TEST(OomChoice, NamesTheVictimAndItsCgroup) {
  const auto choice = parse_oom_choice(kChoice);
  ASSERT_TRUE(choice);
  EXPECT_EQ(choice->pid, 4242);
  EXPECT_EQ(choice->cgroup, "/system.slice/docker-3f2a.scope");
  EXPECT_TRUE(choice->host_wide);
  EXPECT_FALSE(parse_oom_choice("oom-kill:constraint=CONSTRAINT_MEMCG,oom_memcg=/a,task_memcg=/a/b,task=x,pid=7,uid=0")
                   ->host_wide);
}

TEST(OomChoice, DoesNotBelieveACgroupWhoseNameForgesAnother) {
  const auto forged = parse_oom_choice(
      "oom-kill:constraint=CONSTRAINT_MEMCG,oom_memcg=/u,task_memcg=/docker/3f2a,task=x,pid=5,uid=0,"
      "task_memcg=/u/v,task=x,pid=7,uid=1000");
  ASSERT_TRUE(forged);
  EXPECT_EQ(forged->pid, 7);
  EXPECT_EQ(forged->cgroup, "");
  EXPECT_EQ(parse_oom_choice("oom-kill:constraint=CONSTRAINT_NONE,task_memcg=/a,task=b,task=c,pid=7,uid=1")->cgroup,
            "");
}

TEST(OomChoice, IsNoneWithoutAPid) {
  EXPECT_FALSE(parse_oom_choice("oom-kill:constraint=CONSTRAINT_NONE,task=x,uid=0"));
  EXPECT_FALSE(parse_oom_choice("oom-kill:constraint=CONSTRAINT_NONE,pid=-4,uid=0"));
  EXPECT_FALSE(parse_oom_choice(kKilled));
}

TEST(OomKilled, TellsProcessAndWhoseMemoryWasOut) {
  const auto killed = parse_oom_killed(kKilled);
  ASSERT_TRUE(killed);
  EXPECT_EQ(killed->pid, 4242);
  EXPECT_EQ(killed->process, "python3");
  EXPECT_EQ(killed->host_wide, true);
  EXPECT_EQ(parse_oom_killed(kCgroupKilled)->host_wide, false);
}

TEST(OomKilled, UnderstandsOlderKernelsAndSysrq) {
  const auto old = parse_oom_killed("Killed process 7 (a b) total-vm:4kB, anon-rss:1kB");
  ASSERT_TRUE(old);
  EXPECT_EQ(old->process, "a b");
  EXPECT_FALSE(old->host_wide);
  EXPECT_EQ(parse_oom_killed("Out of memory (oom_kill_allocating_task): Killed process 9 (x) total-vm:4kB")->pid, 9);
}

TEST(OomKilled, IsNoneInOtherLines) {
  for (const char* text : {"", "Killed process", "Killed process x (y)", "Out of memory and no killable processes...",
                           "oom_reaper: reaped process 4242 (python3)", "python: Killed process 7 (a) total-vm:4kB"})
    EXPECT_FALSE(parse_oom_killed(text)) << text;
}

// A log of the test's: each record is one read.
class Log {
 public:
  Log() {
    if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds_) != 0) ADD_FAILURE();
    log = std::make_unique<KernelLog>(fds_[0]);
  }
  ~Log() { ::close(fds_[1]); }
  void write(const std::string& text, const std::string& head = "4,1,2,-;") const {
    const std::string record = head + text + "\n";
    ASSERT_EQ(::write(fds_[1], record.data(), record.size()), static_cast<ssize_t>(record.size()));
  }
  std::unique_ptr<KernelLog> log;

 private:
  int fds_[2] = {-1, -1};
};

TEST(KernelLog, JoinsTheChoiceWithTheKill) {
  const Log log;
  log.write(kChoice);
  EXPECT_THAT(log.log->read(), SizeIs(0)) << "nothing has been killed yet";
  log.write("python3 invoked oom-killer");
  log.write(kKilled);
  const auto kills = log.log->read();
  ASSERT_THAT(kills, SizeIs(1));
  EXPECT_EQ(kills[0].pid, 4242);
  EXPECT_EQ(kills[0].cgroup, "/system.slice/docker-3f2a.scope");
  EXPECT_TRUE(kills[0].host_wide);
  EXPECT_THAT(log.log->read(), SizeIs(0));
}

TEST(KernelLog, CountsAKillWhoseChoiceWasNotLogged) {
  const Log log;
  log.write(kCgroupKilled);
  const auto kills = log.log->read();
  ASSERT_THAT(kills, SizeIs(1));
  EXPECT_EQ(kills[0].pid, 77);
  EXPECT_EQ(kills[0].cgroup, "");
}

TEST(KernelLog, PassesOverWhatProgramsWrite) {
  const Log log;
  log.write(kKilled, "12,1,2,-;");
  EXPECT_THAT(log.log->read(), SizeIs(0));
}

TEST(KernelLog, ThatIsNotThereSaysWhy) {
  const base::TemporaryFolder root;
  KernelLog log(root.path());
  EXPECT_THAT(log.why(), HasSubstr("/dev/kmsg: No such file"));
  EXPECT_THAT(log.read(), SizeIs(0));
}

TEST(KernelLog, PassesOverWhatWasLoggedBefore) {
  const base::TemporaryFolder root;
  root.write("dev/kmsg", std::string("4,1,2,-;") + kKilled + "\n");
  KernelLog log(root.path());
  EXPECT_EQ(log.why(), "");
  EXPECT_THAT(log.read(), SizeIs(0));
}

}  // namespace
}  // namespace guard::source

// What the guard believes of the kernel's cgroups, asked of the kernel.

#include <chrono>
#include <csignal>
#include <limits>
#include <string>

#include <sys/wait.h>
#include <unistd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "guard/action/cgroup_files.h"
#include "guard/action/memory_approach.h"
#include "guard/source/cgroup/tree.h"
#include "tests/integration/kernel/child_process.h"

namespace guard {
namespace {

using base::Bytes;
using base::Cores;
using base::mebibytes;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr std::chrono::milliseconds kKillDeadline{10'000};

// A new cgroup in every hierarchy for each test.
class Kernel : public testing::Test {
 protected:
  void SetUp() override {
    if (::geteuid() != 0) GTEST_SKIP() << "only root may make cgroups";
    const auto root = tree_.of_path("/");
    if (!root) GTEST_SKIP() << root.error().message;
    name_ = "leakguard-kernel-test-" + std::to_string(::getpid());
    const auto made = action::create_child_cgroup(*root, name_);
    if (!made) GTEST_SKIP() << "cgroups cannot be made here: " << made.error().message;
    root_ = *root;
    cgroup_ = *made;
    if (!cgroup_.memory.exists() || !cgroup_.cpu.exists() || !cgroup_.pids.exists()) {
      GTEST_SKIP() << "this kernel has not all of the memory, cpu and pids controllers";
    }
  }

  void TearDown() override {
    if (name_.empty() || !cgroup_.memory.exists()) return;
    EXPECT_TRUE(action::kill_all(cgroup_, kKillDeadline));
    EXPECT_TRUE(action::remove(cgroup_));
  }

  [[nodiscard]] bool is_v2() const { return cgroup_.memory.version == 2; }

  void put_to_work(ChildProcess& child) const {
    const auto moved = action::attach(cgroup_, child.pid());
    ASSERT_TRUE(moved) << moved.error().message;
    child.begin();
  }

  source::CgroupTree tree_;
  sample::Cgroup root_;
  sample::Cgroup cgroup_;
  std::string name_;
};

TEST_F(Kernel, TellsWhatAChildHolds) {
  ChildProcess child([] { hold_memory(32u << 20); });
  put_to_work(child);
  ASSERT_TRUE(child.wait_until_done());
  const auto resources = tree_.read(cgroup_);
  ASSERT_TRUE(resources.memory.anon) << resources.memory.anon.reason();
  ASSERT_TRUE(resources.memory.usage) << resources.memory.usage.reason();
  EXPECT_GE(*resources.memory.anon, mebibytes(31));  // counted in batches for each CPU
  EXPECT_LT(*resources.memory.anon, mebibytes(48));
  EXPECT_GE(*resources.memory.usage, mebibytes(31));
  EXPECT_EQ(resources.pids.current, std::int64_t{1});
  EXPECT_EQ(resources.memory.oom_kills, std::uint64_t{0});
  for (const auto* reading : {&resources.memory.file, &resources.memory.inactive_file, &resources.memory.shmem}) {
    EXPECT_TRUE(*reading) << reading->reason();
  }
}

TEST_F(Kernel, TellsWhereAChildIs) {
  ChildProcess child([] {});
  put_to_work(child);
  ASSERT_TRUE(child.wait_until_done());
  const auto found = tree_.of_pid(child.pid());
  ASSERT_TRUE(found) << found.error().message;
  EXPECT_EQ(found->memory, cgroup_.memory);
  EXPECT_EQ(found->cpu, cgroup_.cpu);
  EXPECT_EQ(found->inode, cgroup_.inode);
  EXPECT_EQ(tree_.of_path("/" + name_).value(), *found);
  const auto processes = tree_.processes(*found);
  ASSERT_TRUE(processes);
  EXPECT_THAT(*processes, ElementsAre(child.pid()));
}

TEST_F(Kernel, CountsTheCpuTimeOfAChild) {
  ChildProcess child([] { burn_cpu(0.2); });
  const auto before = tree_.read(cgroup_).cpu.used;
  put_to_work(child);
  ASSERT_TRUE(child.wait_until_done());
  const auto after = tree_.read(cgroup_).cpu.used;
  ASSERT_TRUE(before && after) << after.reason();
  EXPECT_GE(base::to_seconds(*after - *before), 0.19);
  EXPECT_LT(base::to_seconds(*after - *before), 0.6);
}

TEST_F(Kernel, ShowsTheCapsThatWereApplied) {
  sample::Caps caps{mebibytes(64), mebibytes(32), {}, Cores{0.5}, 16};
  if (is_v2()) caps.memory_high = mebibytes(48);
  const auto applied = action::apply_caps(cgroup_, caps);
  ASSERT_TRUE(applied) << applied.error().message;
  EXPECT_EQ(tree_.read_caps(cgroup_), caps);
}

TEST_F(Kernel, TakesLimitsAwayAgain) {
  ASSERT_TRUE(action::apply_caps(cgroup_, {mebibytes(64), mebibytes(32), {}, Cores{0.5}, 16}));
  sample::Caps none{
      Bytes::unlimited(), Bytes::unlimited(), {}, Cores::unlimited(), std::numeric_limits<std::int64_t>::max()};
  const auto applied = action::apply_caps(cgroup_, none);
  ASSERT_TRUE(applied) << applied.error().message;
  auto seen = tree_.read_caps(cgroup_);
  seen.memory_high.reset();
  if (is_v2()) none.memory_reservation = Bytes{0};  // v2's word for none
  EXPECT_EQ(seen, none);
}

TEST_F(Kernel, CountsAnOomKill) {
  ASSERT_TRUE(action::apply_caps(cgroup_, {mebibytes(16), {}, {}, {}, {}}));
  ChildProcess child([] { hold_memory(64u << 20); });
  put_to_work(child);
  EXPECT_FALSE(child.wait_until_done());
  const int status = child.reap();
  EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) << status;
  EXPECT_EQ(tree_.read(cgroup_).memory.oom_kills, std::uint64_t{1});
}

TEST_F(Kernel, RefusesALimitBelowUseOnV1AndKillsForItOnV2) {
  ChildProcess child([] { hold_memory(32u << 20); });
  put_to_work(child);
  ASSERT_TRUE(child.wait_until_done());
  const auto applied = action::apply_caps(cgroup_, {mebibytes(8), {}, {}, {}, {}});
  if (is_v2()) {
    EXPECT_TRUE(applied);
    EXPECT_TRUE(WIFSIGNALED(child.reap()));
  } else {
    ASSERT_FALSE(applied);
    EXPECT_EQ(applied.error().code, base::Code::unavailable);
    EXPECT_THAT(applied.error().message, HasSubstr("more is in use than the limit allows"));
  }
}

TEST_F(Kernel, HoldsABurnerAtItsCap) {
  ASSERT_TRUE(action::apply_caps(cgroup_, {{}, {}, {}, Cores{0.05}, {}}));
  ChildProcess child([] { burn_cpu(0.1); });
  const auto begun = std::chrono::steady_clock::now();
  put_to_work(child);
  ASSERT_TRUE(child.wait_until_done());
  const double elapsed = base::to_seconds(std::chrono::steady_clock::now() - begun);
  EXPECT_GT(elapsed, 1.2);  // 0.1 s at 0.05 cores is 2 s, but for the first period's and the last one's quota
  const auto cpu = tree_.read(cgroup_).cpu;
  ASSERT_TRUE(cpu.throttled && cpu.throttled_periods && cpu.periods) << cpu.throttled.reason();
  // How much depends on what else the machine does: who waits for the CPU anyway is throttled less. So small a cap is
  // reached on a busy machine, too.
  EXPECT_GT(*cpu.throttled, base::Duration(0));
  EXPECT_GE(*cpu.throttled_periods, 1u);
  EXPECT_GE(*cpu.periods, *cpu.throttled_periods);
}

TEST_F(Kernel, KillsAWholeTreeOfCgroups) {
  const auto below = action::create_child_cgroup(cgroup_, "below");
  ASSERT_TRUE(below) << below.error().message;
  ChildProcess first([] {});
  ChildProcess second([] { ::signal(SIGTERM, SIG_IGN); });
  for (ChildProcess* child : {&first, &second}) {
    ASSERT_TRUE(action::attach(*below, child->pid()));
    child->begin();
    ASSERT_TRUE(child->wait_until_done());
  }
  ASSERT_TRUE(action::kill_all(cgroup_, kKillDeadline));
  EXPECT_TRUE(WIFSIGNALED(first.reap()));
  EXPECT_TRUE(WIFSIGNALED(second.reap()));
  EXPECT_TRUE(tree_.processes(*below).value().empty());
}

TEST_F(Kernel, RefusesToRemoveACgroupWithProcesses) {
  ChildProcess child([] {});
  put_to_work(child);
  const auto removed = action::remove(cgroup_);
  ASSERT_FALSE(removed);
  EXPECT_EQ(removed.error().code, base::Code::unavailable);
}

TEST_F(Kernel, MakesReadingsAbsentOnceACgroupIsRemoved) {
  const auto below = action::create_child_cgroup(cgroup_, "below");
  ASSERT_TRUE(below);
  EXPECT_TRUE(tree_.read(*below).memory.usage);
  ASSERT_TRUE(action::remove(*below));
  EXPECT_EQ(tree_.read(*below).memory.usage.reason(), "the cgroup is gone");
  EXPECT_EQ(tree_.of_path("/" + name_ + "/below").error().code, base::Code::not_found);
}

TEST_F(Kernel, TellsARecreatedCgroupFromTheOldOne) {
  const auto old = action::create_child_cgroup(cgroup_, "below");
  ASSERT_TRUE(old && action::remove(*old));
  const auto recreated = action::create_child_cgroup(cgroup_, "below");
  ASSERT_TRUE(recreated);
  EXPECT_NE(old->inode, recreated->inode);
  EXPECT_EQ(tree_.read(*old).memory.usage.reason(), "another cgroup has taken its name");
  EXPECT_TRUE(tree_.read(*recreated).memory.usage);
}

TEST_F(Kernel, TellsTimeStalledWherePressureIsOn) {
  if (!cgroup_.pressure.exists()) GTEST_SKIP() << "pressure is off in this kernel";
  const auto pressure = tree_.read(cgroup_).pressure;
  for (const auto* totals : {&pressure.memory, &pressure.cpu, &pressure.io}) {
    EXPECT_TRUE(totals->some) << totals->some.reason();
    EXPECT_TRUE(totals->full) << totals->full.reason();
  }
}

TEST_F(Kernel, ReclaimsOnV2AndSaysWhenItFoundLess) {
  ChildProcess child([] { hold_memory(16u << 20); });
  put_to_work(child);
  ASSERT_TRUE(child.wait_until_done());
  const auto reclaimed = action::reclaim(cgroup_, mebibytes(8));  // all of it is locked
  ASSERT_FALSE(reclaimed);
  EXPECT_EQ(reclaimed.error().code, is_v2() ? base::Code::unavailable : base::Code::invalid_argument)
      << reclaimed.error().message;
}

// Written at once, such a cap kills the child on v2: RefusesALimitBelowUseOnV1AndKillsForItOnV2.
TEST_F(Kernel, IsNotAskedToKillForACapBelowWhatIsInUse) {
  ChildProcess child([] { hold_memory(48u << 20); });
  put_to_work(child);
  ASSERT_TRUE(child.wait_until_done());
  EXPECT_TRUE(action::approach_memory_cap(cgroup_, mebibytes(96)));
  const auto begun = std::chrono::steady_clock::now();
  const auto refused = action::approach_memory_cap(cgroup_, mebibytes(24), std::chrono::milliseconds(500));
  EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::seconds(5));
  EXPECT_EQ(refused.has_value(), !is_v2()) << "v1 refuses itself";
  if (is_v2()) {
    EXPECT_THAT(refused.error().message, HasSubstr("memory cap 24 MiB is below the "));
    EXPECT_TRUE(tree_.read_caps(cgroup_).memory_high->is_unlimited()) << "it is put back";
    EXPECT_TRUE(tree_.read_caps(cgroup_).memory->is_unlimited());
  }
  EXPECT_EQ(tree_.read(cgroup_).memory.oom_kills.value_or(9), 0U);
  EXPECT_EQ(::kill(child.pid(), 0), 0);
}

// The agent's own move: from a cgroup that is to hold its children's, to a leaf of it.
TEST_F(Kernel, LetsTheAgentHandControllersDownFromItsOwnCgroup) {
  const auto exit_code = [&](const char* name) {
    source::CgroupTree tree;
    const auto self = tree.of_self();
    if (!self || self->memory != cgroup_.memory) return 10;
    const auto child = action::create_child_cgroup(*self, name);
    if (!child) return 11;
    const auto again = tree.of_self();  // seen from the leaf it is the same
    if (!again || again->memory != cgroup_.memory) return 12;
    return tree.read(*child).memory.usage ? 0 : 13;
  };
  const pid_t agent = ::fork();
  if (agent == 0) {
    if (!action::attach(cgroup_, 0)) ::_exit(9);
    if (const int code = exit_code("one"); code != 0) ::_exit(code);
    ::_exit(exit_code("two"));
  }
  int status = 0;
  ::waitpid(agent, &status, 0);
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

TEST_F(Kernel, MakesNoChildBesideOthersProcessesOnV2) {
  ChildProcess other([] {});
  put_to_work(other);
  ASSERT_TRUE(other.wait_until_done());
  const auto child = action::create_child_cgroup(cgroup_, "one");
  ASSERT_EQ(child.has_value(), !is_v2());  // v1 has no such rule
  EXPECT_EQ(tree_.of_path("/" + name_ + "/one").has_value(), !is_v2());
  if (is_v2()) {
    EXPECT_EQ(child.error().code, base::Code::unavailable);
  }
}

}  // namespace
}  // namespace guard

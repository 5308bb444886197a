// What the guard believes of processes and the host, asked of the kernel.

#include <chrono>
#include <csignal>

#include <gtest/gtest.h>

#include "guard/action/process_control.h"
#include "guard/source/host/host.h"
#include "guard/source/host/mounts.h"
#include "guard/source/process/tree.h"
#include "tests/integration/kernel/child_process.h"

namespace guard {
namespace {

using base::mebibytes;

constexpr std::chrono::milliseconds kKillDeadline{10'000};

TEST(KernelProcesses, AreReadAsATreeWithoutACgroup) {
  ChildProcess child([] {
    hold_memory(16u << 20);
    burn_cpu(0.1);
  });
  child.begin();
  ASSERT_TRUE(child.wait_until_done());
  const auto resources = source::read_process_tree("/", child.pid());
  ASSERT_TRUE(resources.memory.anon) << resources.memory.anon.reason();
  EXPECT_GE(*resources.memory.anon, mebibytes(16));
  EXPECT_EQ(resources.pids.current, std::int64_t{1});
  ASSERT_TRUE(resources.cpu.used);
  EXPECT_GE(base::to_seconds(*resources.cpu.used), 0.08);
}

TEST(KernelProcesses, AreSignalledOnlyAsTheOnesMeant) {
  ChildProcess child([] {});
  const auto identity = source::process_identity("/", child.pid());
  ASSERT_TRUE(identity);
  const auto process = action::ProcessHandle::open(child.pid(), [&] {
    const auto now = source::process_identity("/", child.pid());
    return now && *now == *identity;
  });
  ASSERT_TRUE(process);
  EXPECT_EQ(action::stop_process(*process, SIGTERM, kKillDeadline).value(), action::StopOutcome::ended);
}

TEST(KernelHost, TellsItsMemoryLoadAndDisk) {
  auto host = source::read_host("/");
  source::HostMounts("/", {"/"}).read(base::SteadyTime(), host);
  ASSERT_TRUE(host.memory_total && host.memory_available) << host.memory_total.reason();
  EXPECT_GT(*host.memory_total, mebibytes(64));
  EXPECT_LE(*host.memory_available, *host.memory_total);
  EXPECT_TRUE(host.load1) << host.load1.reason();
  ASSERT_TRUE(host.cores) << host.cores.reason();
  EXPECT_GE(*host.cores, 1);
  EXPECT_EQ(host.disks.size(), 1u);
}

}  // namespace
}  // namespace guard

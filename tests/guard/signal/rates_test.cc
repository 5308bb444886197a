#include "guard/signal/rates.h"

#include <gtest/gtest.h>

namespace guard::signal {
namespace {

using base::Bytes;
using base::mebibytes;
using std::chrono::milliseconds;
using std::chrono::seconds;
using Counter = Reading<base::Duration>;

sample::Workload container_of(std::int64_t usage_mib, std::int64_t inactive_mib) {
  sample::Workload workload;
  workload.kind = sample::TargetKind::container;
  workload.resources.memory.usage = mebibytes(usage_mib);
  workload.resources.memory.inactive_file = mebibytes(inactive_mib);
  return workload;
}

// As guard/source reads a process that has no cgroup of its own.
sample::Workload process_of(std::int64_t usage_mib) {
  sample::Workload workload;
  workload.kind = sample::TargetKind::command;
  workload.resources.memory.usage = mebibytes(usage_mib);
  workload.resources.memory.inactive_file = Reading<Bytes>::absent("no cgroup");
  workload.resources.memory.limit = Reading<Bytes>::absent("no cgroup");
  return workload;
}

TEST(WorkingSet, IsUsageWithoutInactiveFileCache) {
  EXPECT_EQ(working_set(container_of(600, 100)), Reading<Bytes>(mebibytes(500)));
}

TEST(WorkingSet, IsNeverNegative) { EXPECT_EQ(working_set(container_of(100, 101)), Reading<Bytes>(Bytes{0})); }

TEST(WorkingSet, IsAbsentWithTheReasonOfWhatIsMissing) {
  auto workload = container_of(600, 100);
  workload.resources.memory.inactive_file = Reading<Bytes>::absent("EIO");
  EXPECT_EQ(working_set(workload).reason(), "EIO");
}

TEST(WorkingSet, OfAProcessTreeIsItsUsage) {
  auto workload = process_of(600);
  EXPECT_EQ(working_set(workload), Reading<Bytes>(mebibytes(600)));
  workload.cgroup.emplace();
  EXPECT_FALSE(working_set(workload)) << "in a cgroup, the reading is missing";
}

TEST(Unreclaimable, AddsAnonShmemAndKernel) {
  auto workload = container_of(600, 100);
  workload.resources.memory.anon = mebibytes(300);
  workload.resources.memory.shmem = mebibytes(20);
  workload.resources.memory.kernel = mebibytes(5);
  EXPECT_EQ(unreclaimable(workload), Reading<Bytes>(mebibytes(325)));
}

TEST(Unreclaimable, TakesWhatIsKnownBesideAnon) {
  auto workload = container_of(600, 100);
  workload.resources.memory.anon = mebibytes(300);
  EXPECT_EQ(unreclaimable(workload), Reading<Bytes>(mebibytes(300)));
}

TEST(Unreclaimable, LeavesOutAPageCacheThatFillsTheLimit) {
  auto workload = container_of(100, 2);
  workload.resources.memory.anon = mebibytes(4);
  workload.resources.memory.file = mebibytes(95);
  EXPECT_EQ(unreclaimable(workload), Reading<Bytes>(mebibytes(4)));
  EXPECT_EQ(working_set(workload), Reading<Bytes>(mebibytes(98)));
}

TEST(Unreclaimable, IsTheWorkingSetWithoutAnon) {
  EXPECT_EQ(unreclaimable(container_of(600, 100)), Reading<Bytes>(mebibytes(500)));
}

sample::Workload limited_to(Reading<Bytes> limit) {
  sample::Workload workload;
  workload.resources.memory.limit = std::move(limit);
  return workload;
}

sample::Host host_with(std::int64_t mib) {
  sample::Host host;
  host.memory_total = mebibytes(mib);
  return host;
}

TEST(MemoryLimit, IsTheSmallerOfOwnAndHost) {
  EXPECT_EQ(*memory_limit(limited_to(mebibytes(700)), host_with(2000)), mebibytes(700));
  EXPECT_EQ(*memory_limit(limited_to(mebibytes(7000)), host_with(2000)), mebibytes(2000));
  EXPECT_EQ(*memory_limit(limited_to(Bytes::unlimited()), host_with(2000)), mebibytes(2000));
}

TEST(MemoryLimit, OfACgroupThatCannotBeReadIsAbsent) {
  EXPECT_FALSE(memory_limit(limited_to(Reading<Bytes>::absent("EIO")), host_with(2000)));
}

TEST(MemoryLimit, OfAProcessTreeIsTheHosts) {
  auto workload = process_of(600);
  EXPECT_EQ(*memory_limit(workload, host_with(2000)), mebibytes(2000));
  workload.cgroup.emplace();
  EXPECT_FALSE(memory_limit(workload, host_with(2000))) << "in a cgroup, the reading is missing";
}

TEST(RatioOf, IsAbsentWithoutALimit) {
  EXPECT_FALSE(ratio_of(Reading<Bytes>(mebibytes(5)), Reading<Bytes>(Bytes::unlimited())));
  EXPECT_FALSE(ratio_of(Reading<Bytes>(mebibytes(5)), Reading<Bytes>(Bytes{0})));
  EXPECT_FALSE(ratio_of(Reading<base::Cores>({0.5}), Reading<base::Cores>(base::Cores::unlimited())));
}

TEST(RatioOf, DividesThePartByTheWhole) {
  EXPECT_DOUBLE_EQ(ratio_of(Reading<Bytes>(mebibytes(350)), Reading<Bytes>(mebibytes(700)))->value, 0.5);
  EXPECT_DOUBLE_EQ(ratio_of(Reading<base::Cores>({0.4}), Reading<base::Cores>({0.8}))->value, 0.5);
}

TEST(CoresBetween, IsCpuTimeOverWallTime) {
  EXPECT_DOUBLE_EQ(cores_between(Counter(seconds(10)), Counter(seconds(13)), seconds(2))->count, 1.5);
}

TEST(CoresBetween, IsAbsentWhenTheCounterRanBackwards) {
  EXPECT_EQ(cores_between(Counter(seconds(10)), Counter(seconds(9)), seconds(1)).reason(), "the counter was reset");
}

TEST(CoresBetween, IsZeroWhenTheCounterStoodStill) {
  EXPECT_DOUBLE_EQ(cores_between(Counter(seconds(10)), Counter(seconds(10)), seconds(1))->count, 0);
}

TEST(CoresBetween, IsAbsentWithoutEitherReading) {
  EXPECT_EQ(cores_between(Counter(seconds(1)), Counter::absent("gone"), seconds(1)).reason(), "gone");
  EXPECT_EQ(cores_between(Counter::absent("gone"), Counter(seconds(1)), seconds(1)).reason(), "needs a second reading");
}

TEST(ShareBetween, IsStalledTimeOverWallTime) {
  EXPECT_DOUBLE_EQ(share_between(Counter(seconds(1)), Counter(milliseconds(1250)), seconds(1))->value, 0.25);
}

}  // namespace
}  // namespace guard::signal

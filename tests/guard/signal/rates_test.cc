#include "guard/signal/rates.h"

#include <gtest/gtest.h>

namespace guard::signal {
namespace {

using base::Bytes;
using base::mebibytes;
using std::chrono::milliseconds;
using std::chrono::seconds;
using Counter = Reading<base::Duration>;

sample::Memory memory_of(std::int64_t usage_mib, std::int64_t inactive_mib) {
  sample::Memory memory;
  memory.usage = mebibytes(usage_mib);
  memory.inactive_file = mebibytes(inactive_mib);
  return memory;
}

TEST(WorkingSet, IsUsageWithoutInactiveFileCache) {
  EXPECT_EQ(working_set(memory_of(600, 100)), Reading<Bytes>(mebibytes(500)));
}

TEST(WorkingSet, IsNeverNegative) { EXPECT_EQ(working_set(memory_of(100, 101)), Reading<Bytes>(Bytes{0})); }

TEST(WorkingSet, IsAbsentWithTheReasonOfWhatIsMissing) {
  auto memory = memory_of(600, 100);
  memory.inactive_file = Reading<Bytes>::absent("EIO");
  EXPECT_EQ(working_set(memory).reason(), "EIO");
}

TEST(Unreclaimable, AddsAnonShmemAndKernel) {
  auto memory = memory_of(600, 100);
  memory.anon = mebibytes(300);
  memory.shmem = mebibytes(20);
  memory.kernel = mebibytes(5);
  EXPECT_EQ(unreclaimable(memory), Reading<Bytes>(mebibytes(325)));
}

TEST(Unreclaimable, TakesWhatIsKnownBesideAnon) {
  auto memory = memory_of(600, 100);
  memory.anon = mebibytes(300);
  EXPECT_EQ(unreclaimable(memory), Reading<Bytes>(mebibytes(300)));
}

TEST(Unreclaimable, IsTheWorkingSetWithoutAnon) {
  EXPECT_EQ(unreclaimable(memory_of(600, 100)), Reading<Bytes>(mebibytes(500)));
}

sample::Workload limited_to(Reading<Bytes> limit, sample::TargetKind kind = sample::TargetKind::container) {
  sample::Workload workload;
  workload.kind = kind;
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

TEST(MemoryLimit, OfAPlainProcessIsTheHosts) {
  const auto process = limited_to(Reading<Bytes>::absent("no cgroup"), sample::TargetKind::pid_file);
  EXPECT_EQ(*memory_limit(process, host_with(2000)), mebibytes(2000));
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
  EXPECT_EQ(cores_between(Counter(seconds(10)), Counter(seconds(9)), seconds(1)).reason(), "the counter began anew");
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

#include "guard/policy/caps.h"

#include <limits>

#include <gtest/gtest.h>

namespace guard::policy {
namespace {

using base::Bytes;
using base::mebibytes;

sample::Caps incident_caps() {
  sample::Caps caps;
  caps.memory = mebibytes(700);
  caps.memory_reservation = mebibytes(512);
  caps.cpus = base::Cores{0.8};
  return caps;
}

sample::ObservedCaps observed(const sample::Caps& kernel, std::optional<sample::Caps> engine = std::nullopt) {
  sample::ObservedCaps caps;
  caps.kernel = kernel;
  caps.engine = engine;
  return caps;
}

sample::Workload running_with(const sample::ObservedCaps& caps) {
  sample::Workload workload;
  workload.name = "web";
  workload.identity.key = "container:a";
  workload.lifecycle.state = sample::State::running;
  workload.caps = caps;
  return workload;
}

bool drifts(const sample::Caps& desired, const sample::ObservedCaps& caps, const std::string& resource) {
  for (const auto& drift : find_drift(desired, caps)) {
    if (drift.resource == resource) return drift.drifted;
  }
  ADD_FAILURE() << "no entry for " << resource;
  return false;
}

TEST(FindDrift, HasOneEntryForEachDesiredCap) {
  const auto found = find_drift(incident_caps(), observed(incident_caps(), incident_caps()));
  ASSERT_EQ(found.size(), 3U);
  EXPECT_EQ(found[0].resource, "memory");
  EXPECT_DOUBLE_EQ(found[0].desired, 700.0 * 1048576);
  EXPECT_DOUBLE_EQ(*found[0].observed, 700.0 * 1048576);
  EXPECT_EQ(found[1].resource, "memory_reservation");
  EXPECT_EQ(found[2].resource, "cpus");
  for (const auto& drift : found) EXPECT_FALSE(drift.drifted);
}

TEST(FindDrift, SizesWithinAPageAreEqual) {
  auto kernel = incident_caps();
  kernel.memory = mebibytes(700) - Bytes{4095};
  EXPECT_FALSE(drifts(incident_caps(), observed(kernel), "memory"));
  kernel.memory = mebibytes(700) - Bytes{4096};
  EXPECT_TRUE(drifts(incident_caps(), observed(kernel), "memory"));
}

TEST(FindDrift, CoresWithinAHairAreEqual) {
  auto kernel = incident_caps();
  kernel.cpus = base::Cores{0.804};
  EXPECT_FALSE(drifts(incident_caps(), observed(kernel), "cpus"));
  kernel.cpus = base::Cores{0.806};
  EXPECT_TRUE(drifts(incident_caps(), observed(kernel), "cpus"));
}

TEST(FindDrift, NoLimitAtAllHasDrifted) {
  sample::Caps kernel;
  kernel.memory = Bytes::unlimited();
  kernel.memory_reservation = Bytes{0};
  kernel.cpus = base::Cores::unlimited();
  for (const auto* resource : {"memory", "memory_reservation", "cpus"})
    EXPECT_TRUE(drifts(incident_caps(), observed(kernel), resource)) << resource;
}

TEST(FindDrift, EngineAloneHasDriftedToo) {
  auto engine = incident_caps();
  engine.memory = mebibytes(900);
  const auto found = find_drift(incident_caps(), observed(incident_caps(), engine));
  EXPECT_TRUE(found[0].drifted);
  EXPECT_DOUBLE_EQ(*found[0].observed, 900.0 * 1048576) << "shows the one that differs";
}

TEST(FindDrift, UnreadableNeverDrifts) {
  for (const auto& drift : find_drift(incident_caps(), observed({}))) {
    EXPECT_FALSE(drift.drifted);
    EXPECT_FALSE(drift.observed);
  }
}

TEST(FindDrift, ProcessCountIsExact) {
  sample::Caps desired;
  desired.pids = 512;
  EXPECT_FALSE(drifts(desired, observed(desired), "pids"));
  sample::Caps kernel;
  kernel.pids = 513;
  EXPECT_TRUE(drifts(desired, observed(kernel), "pids"));
  kernel.pids = std::numeric_limits<std::int64_t>::max();
  EXPECT_TRUE(drifts(desired, observed(kernel), "pids"));
}

TEST(FindDrift, MemoryHighIsJudgedOnlyWhereThereIsOne) {
  sample::Caps desired;
  desired.memory_high = mebibytes(640);
  auto caps = observed({});
  caps.kernel.memory_high = Bytes::unlimited();
  EXPECT_FALSE(drifts(desired, caps, "memory_high"));
  caps.has_memory_high = true;
  EXPECT_TRUE(drifts(desired, caps, "memory_high"));
}

TEST(Reconcile, AppliesOnlyWhatDrifted) {
  auto kernel = incident_caps();
  kernel.cpus = base::Cores::unlimited();
  const base::SteadyTime now(std::chrono::seconds(7));
  const auto decisions = reconcile(incident_caps(), running_with(observed(kernel)), now);
  ASSERT_EQ(decisions.size(), 1U);
  EXPECT_EQ(decisions[0].rule, "caps");
  EXPECT_EQ(decisions[0].workload, "web");
  EXPECT_EQ(decisions[0].identity.key, "container:a");
  EXPECT_EQ(decisions[0].breached_at, now);
  EXPECT_EQ(decisions[0].reason, "cpus is unlimited instead of 0.8");
  const auto& caps = std::get<ApplyCaps>(decisions[0].action).caps;
  EXPECT_EQ(caps.cpus, base::Cores{0.8});
  EXPECT_FALSE(caps.memory);
  EXPECT_FALSE(caps.memory_reservation);
}

TEST(Reconcile, BringsSeveralBackAtOnce) {
  auto kernel = incident_caps();
  kernel.memory = mebibytes(1024);
  kernel.memory_reservation = Bytes{0};
  const auto decisions = reconcile(incident_caps(), running_with(observed(kernel)), {});
  ASSERT_EQ(decisions.size(), 1U);
  EXPECT_EQ(decisions[0].reason,
            "memory is 1 GiB instead of 700 MiB; memory_reservation is not set instead of 512 MiB");
}

TEST(Reconcile, CallsACountWithoutALimitUnlimited) {
  sample::Caps desired;
  desired.pids = 512;
  sample::Caps kernel;
  kernel.pids = std::numeric_limits<std::int64_t>::max();
  EXPECT_EQ(reconcile(desired, running_with(observed(kernel)), {}).at(0).reason, "pids is unlimited instead of 512");
}

TEST(Reconcile, GoesByTheEngineWhereNoCgroupCanBeRead) {
  sample::Caps unlimited;
  unlimited.memory = Bytes::unlimited();
  unlimited.memory_reservation = Bytes{0};
  unlimited.cpus = base::Cores::unlimited();
  EXPECT_EQ(
      reconcile(incident_caps(), running_with(observed({}, unlimited)), {}).at(0).reason,
      "memory is unlimited instead of 700 MiB; memory_reservation is not set instead of 512 MiB; cpus is unlimited "
      "instead of 0.8");
  EXPECT_TRUE(reconcile(incident_caps(), running_with(observed({}, incident_caps())), {}).empty());
  EXPECT_TRUE(reconcile(incident_caps(), running_with(observed({}, sample::Caps{})), {}).empty())
      << "an engine that does not say is no engine without limits";
}

TEST(Reconcile, DecidesAboutMemoryHighByItselfAndLast) {
  auto desired = incident_caps();
  desired.memory_high = mebibytes(640);
  auto caps = observed(incident_caps());
  caps.kernel.memory = Bytes::unlimited();
  caps.kernel.memory_high = Bytes::unlimited();
  caps.has_memory_high = true;
  const auto decisions = reconcile(desired, running_with(caps), {});
  ASSERT_EQ(decisions.size(), 2U);
  const auto& first = std::get<ApplyCaps>(decisions[0].action).caps;
  EXPECT_EQ(first.memory, mebibytes(700));
  EXPECT_FALSE(first.memory_high);
  const auto& last = std::get<ApplyCaps>(decisions[1].action).caps;
  EXPECT_EQ(last.memory_high, mebibytes(640));
  EXPECT_FALSE(last.memory);
  EXPECT_EQ(decisions[1].reason, "memory_high is unlimited instead of 640 MiB");
}

TEST(Reconcile, LeavesWhatIsRightAlone) {
  EXPECT_TRUE(reconcile(incident_caps(), running_with(observed(incident_caps(), incident_caps())), {}).empty());
}

TEST(Reconcile, LeavesAWorkloadAloneThatDoesNotRun) {
  auto workload = running_with(observed({}));
  workload.caps.kernel.memory = mebibytes(1024);
  EXPECT_FALSE(reconcile(incident_caps(), workload, {}).empty());
  for (const auto state :
       {sample::State::unknown, sample::State::absent, sample::State::starting, sample::State::stopped}) {
    workload.lifecycle.state = state;
    EXPECT_TRUE(reconcile(incident_caps(), workload, {}).empty());
  }
}

TEST(Reconcile, LeavesAWorkloadAloneWhoseIdentityIsUnknown) {
  auto workload = running_with(observed({}));
  workload.caps.kernel.memory = mebibytes(1024);
  workload.identity.key = "";
  EXPECT_TRUE(reconcile(incident_caps(), workload, {}).empty());
}

TEST(StillHolds, ACapStandsWhileTheIdentityDoes) {
  auto workload = running_with(observed({}));
  workload.caps.kernel.memory = mebibytes(1024);
  const auto decision = reconcile(incident_caps(), workload, {}).at(0);
  signal::WorkloadSignals fresh;
  fresh.identity.key = "container:a";
  EXPECT_TRUE(still_holds(decision, fresh));
  fresh.identity.key = "container:b";
  EXPECT_FALSE(still_holds(decision, fresh));
}

}  // namespace
}  // namespace guard::policy

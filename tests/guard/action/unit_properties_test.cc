#include "guard/action/unit_properties.h"

#include <limits>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/guard/source/fake_systemd.h"

namespace guard::action {
namespace {

using testing::ElementsAre;
using testing::Pair;

constexpr auto kInfinity = std::numeric_limits<std::uint64_t>::max();

TEST(UnitCaps, AreSystemdsProperties) {
  sample::Caps caps;
  caps.memory = base::mebibytes(700);
  caps.memory_high = base::mebibytes(600);
  caps.memory_reservation = base::mebibytes(512);
  caps.cpus = base::Cores{0.8};
  caps.pids = 100;
  EXPECT_THAT(unit_properties(caps),
              ElementsAre(Pair("MemoryLow", 512U << 20), Pair("MemoryHigh", 600U << 20), Pair("MemoryMax", 700U << 20),
                          Pair("CPUQuotaPerSecUSec", 800'000U), Pair("TasksMax", 100U)));
}

TEST(UnitCaps, OfNoneAreInfinity) {
  sample::Caps caps;
  caps.memory = base::Bytes::unlimited();
  caps.cpus = base::Cores::unlimited();
  caps.pids = std::numeric_limits<std::int64_t>::max();
  EXPECT_THAT(unit_properties(caps), ElementsAre(Pair("MemoryMax", kInfinity), Pair("CPUQuotaPerSecUSec", kInfinity),
                                                 Pair("TasksMax", kInfinity)));
}

TEST(UnitCaps, ThatAreNotManagedAreLeftAlone) { EXPECT_TRUE(unit_properties({}).empty()); }

TEST(UnitCaps, AreSetUntilTheNextBoot) {
  source::FakeSystemd systemd;
  systemd.set("web.service", {});
  sample::Caps caps;
  caps.pids = 7;
  const auto set = set_unit_caps("web.service", caps, systemd.options());
  EXPECT_TRUE(set) << set.error().message;
  EXPECT_THAT(systemd.last_set(), ElementsAre("web.service", "runtime", "TasksMax=7"));
}

TEST(UnitCaps, OfAUnitThatIsNotLoadedAreRefusedInSystemdsWords) {
  source::FakeSystemd systemd;
  const auto set = set_unit_caps("gone.service", {}, systemd.options());
  ASSERT_FALSE(set);
  EXPECT_EQ(set.error().code, base::Code::not_found);
  EXPECT_THAT(set.error().message, testing::HasSubstr("Unit gone.service not loaded"));
}

TEST(UnitCaps, WithoutSystemdAreUnavailable) {
  const auto set =
      set_unit_caps("web.service", {}, {"/nonexistent/a", "/nonexistent/b", std::chrono::milliseconds(50)});
  EXPECT_EQ(set.error().code, base::Code::unavailable);
}

}  // namespace
}  // namespace guard::action

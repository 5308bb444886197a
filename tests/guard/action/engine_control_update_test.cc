#include "guard/action/engine_control_update.h"

#include <limits>

#include <gtest/gtest.h>

namespace guard::action {
namespace {

using base::Code;

sample::Caps memory_cap(base::Bytes memory) {
  sample::Caps caps;
  caps.memory = memory;
  return caps;
}

sample::Caps cpu_cap(double cores) {
  sample::Caps caps;
  caps.cpus = base::Cores{cores};
  return caps;
}

// The update of a container whose HostConfig holds `limits`; the error's message when there is none.
std::string update(const sample::Caps& caps, const std::string& limits) {
  const auto body = container_update(caps, R"({"HostConfig":{)" + limits + "}}");
  return body ? *body : "error: " + body.error().message;
}

const std::string kUnlimited =
    R"("Memory":0,"MemorySwap":0,"MemoryReservation":0,"NanoCpus":0,"CpuPeriod":0,"CpuQuota":0,"PidsLimit":null)";

TEST(MemoryUpdate, OfAnUnlimitedContainerAllowsNoSwap) {
  EXPECT_EQ(update(memory_cap(base::Bytes{700}), kUnlimited), R"({"Memory":700,"MemorySwap":700})");
}

TEST(PodmanUpdate, IsTheRuntimesOwnResources) {
  sample::Caps caps = memory_cap(base::Bytes{700});
  caps.memory_reservation = base::Bytes{512};
  caps.cpus = base::Cores{0.8};
  caps.pids = 50;
  EXPECT_EQ(podman_update(caps, R"({"HostConfig":{)" + kUnlimited + "}}").value(),
            R"({"cpu":{"period":100000,"quota":80000},"memory":{"limit":700,"reservation":512,"swap":700},)"
            R"("pids":{"limit":50}})");
}

TEST(PodmanUpdate, LeavesOutWhatIsNotAskedFor) {
  EXPECT_EQ(podman_update(cpu_cap(0.5), R"({"HostConfig":{"CpuPeriod":50000,"CpuQuota":50000}})").value(),
            R"({"cpu":{"period":50000,"quota":25000}})");
  EXPECT_EQ(podman_update({}, R"({"HostConfig":{}})").value(), "");
  EXPECT_FALSE(podman_update(memory_cap(base::Bytes{0}), R"({"HostConfig":{}})"));
}

TEST(ContainerUpdate, PassesOverLabelsOfAnySize) {
  const std::string described = R"({"Config":{"Labels":{"x":")" + std::string(5u << 20, 'x') +
                                R"(","HostConfig":"no"}},"HostConfig":{"Memory":300,"MemorySwap":300}})";
  EXPECT_EQ(container_update(memory_cap(base::Bytes{200}), described).value(), R"({"Memory":200,"MemorySwap":200})");
}

TEST(MemoryUpdate, AboveTheOldSwapTakesSwapAlong) {
  EXPECT_EQ(update(memory_cap(base::Bytes{700}), R"("Memory":300,"MemorySwap":600)"),
            R"({"Memory":700,"MemorySwap":700})");
}

TEST(MemoryUpdate, UpToTheOldSwapLeavesSwapAlone) {
  EXPECT_EQ(update(memory_cap(base::Bytes{600}), R"("Memory":300,"MemorySwap":600)"), R"({"Memory":600})");
}

TEST(MemoryUpdate, OfAContainerWithoutSwapStaysWithoutItInBothDirections) {
  EXPECT_EQ(update(memory_cap(base::Bytes{200}), R"("Memory":300,"MemorySwap":300)"),
            R"({"Memory":200,"MemorySwap":200})");
  EXPECT_EQ(update(memory_cap(base::Bytes{400}), R"("Memory":300,"MemorySwap":300)"),
            R"({"Memory":400,"MemorySwap":400})");
}

TEST(MemoryUpdate, LeavesAnUnlimitedSwapUnlimited) {
  EXPECT_EQ(update(memory_cap(base::Bytes{700}), R"("Memory":300,"MemorySwap":-1)"),
            R"({"Memory":700,"MemorySwap":-1})");
}

TEST(MemoryUpdate, BringsAHigherReservationDown) {
  EXPECT_EQ(update(memory_cap(base::Bytes{400}), R"("Memory":900,"MemorySwap":1800,"MemoryReservation":500)"),
            R"({"Memory":400,"MemoryReservation":400})");
  EXPECT_EQ(update(memory_cap(base::Bytes{500}), R"("Memory":900,"MemorySwap":1800,"MemoryReservation":500)"),
            R"({"Memory":500})");
}

TEST(ReservationUpdate, UpToTheMemoryIsTaken) {
  sample::Caps caps = memory_cap(base::Bytes{700});
  caps.memory_reservation = base::Bytes{700};
  EXPECT_EQ(update(caps, kUnlimited), R"({"Memory":700,"MemoryReservation":700,"MemorySwap":700})");
}

TEST(ReservationUpdate, AboveTheMemoryIsRefused) {
  sample::Caps caps;
  caps.memory_reservation = base::Bytes{701};
  EXPECT_EQ(update(caps, R"("Memory":700)"), "error: a memory reservation above the memory limit");
  caps.memory = base::Bytes{700};
  EXPECT_EQ(update(caps, kUnlimited), "error: a memory reservation above the memory limit");
}

TEST(ReservationUpdate, WithoutAMemoryLimitStandsAlone) {
  sample::Caps caps;
  caps.memory_reservation = base::Bytes{512};
  EXPECT_EQ(update(caps, kUnlimited), R"({"MemoryReservation":512})");
}

TEST(CpuUpdate, IsInBillionthsOfACore) { EXPECT_EQ(update(cpu_cap(0.8), kUnlimited), R"({"NanoCpus":800000000})"); }

TEST(CpuUpdate, OfAContainerWithAQuotaIsAQuota) {
  EXPECT_EQ(update(cpu_cap(0.8), R"("CpuPeriod":50000,"CpuQuota":25000)"), R"({"CpuPeriod":50000,"CpuQuota":40000})");
  EXPECT_EQ(update(cpu_cap(0.8), R"("CpuPeriod":0,"CpuQuota":25000)"), R"({"CpuPeriod":100000,"CpuQuota":80000})");
}

TEST(CpuUpdate, OfPodmanWhichReportsBothIsInCores) {
  EXPECT_EQ(update(cpu_cap(0.8), R"("NanoCpus":500000000,"CpuPeriod":100000,"CpuQuota":50000)"),
            R"({"NanoCpus":800000000})");
}

TEST(PidsUpdate, IsTheNumber) {
  sample::Caps caps;
  caps.pids = 512;
  EXPECT_EQ(update(caps, kUnlimited), R"({"PidsLimit":512})");
}

TEST(Update, OfNothingThatAnEngineCanSetIsEmpty) {
  sample::Caps caps;
  EXPECT_EQ(update(caps, kUnlimited), "");
  caps.memory_high = base::Bytes{640};
  EXPECT_EQ(update(caps, kUnlimited), "");
}

class NoCaps : public testing::TestWithParam<sample::Caps> {};
TEST_P(NoCaps, AreRefused) {
  const auto body = container_update(GetParam(), R"({"HostConfig":{}})");
  ASSERT_FALSE(body);
  EXPECT_EQ(body.error().code, Code::invalid_argument);
}
INSTANTIATE_TEST_SUITE_P(Values, NoCaps,
                         testing::Values(memory_cap(base::Bytes{0}), memory_cap(base::Bytes{-1}),
                                         memory_cap(base::Bytes::unlimited()), cpu_cap(0), cpu_cap(-1),
                                         cpu_cap(std::numeric_limits<double>::quiet_NaN()),
                                         cpu_cap(std::numeric_limits<double>::infinity())));

TEST(Update, OfAContainerThatTheEngineDescribesWronglyIsCorrupt) {
  for (const char* described : {"", "{}", "[]", R"({"HostConfig":7})", "<html>"}) {
    const auto body = container_update(memory_cap(base::Bytes{700}), described);
    ASSERT_FALSE(body) << described;
    EXPECT_EQ(body.error().code, Code::corrupt);
  }
}

}  // namespace
}  // namespace guard::action

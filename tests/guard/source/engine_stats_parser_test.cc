#include <limits>

#include <gtest/gtest.h>

#include "engine_fixture.h"
#include "guard/source/docker/parser.h"

namespace guard::source {
namespace {

using base::Code;

TEST(EngineStats, TellsMemoryOfCgroupV1) {
  const auto stats = parse_stats(engine_fixture("docker_stats_v1.json"));
  ASSERT_TRUE(stats);
  EXPECT_EQ(*stats->memory.usage, base::Bytes{225280});
  EXPECT_EQ(*stats->memory.anon, base::Bytes{53248});
  EXPECT_EQ(*stats->memory.file, base::Bytes{0});
  EXPECT_EQ(*stats->memory.inactive_file, base::Bytes{0});
  EXPECT_EQ(*stats->memory.limit, base::mebibytes(64));
  EXPECT_EQ(*stats->memory.peak, base::Bytes{3829760});
}

TEST(EngineStats, LeavesOutWhatCgroupV1DoesNotCount) {
  const auto stats = parse_stats(engine_fixture("docker_stats_v1.json"));
  ASSERT_TRUE(stats);
  EXPECT_FALSE(stats->memory.kernel);
  EXPECT_FALSE(stats->memory.shmem);
  EXPECT_FALSE(stats->memory.oom_kills);
  EXPECT_FALSE(stats->cpu.limit);
  EXPECT_EQ(stats->memory.shmem.reason(), "the engine does not report total_shmem");
}

TEST(EngineStats, TellsMemoryOfCgroupV2) {
  const auto stats = parse_stats(engine_fixture("docker_stats_v2.json"));
  ASSERT_TRUE(stats);
  EXPECT_EQ(*stats->memory.usage, base::mebibytes(100));
  EXPECT_EQ(*stats->memory.anon, base::mebibytes(80));
  EXPECT_EQ(*stats->memory.file, base::mebibytes(16));
  EXPECT_EQ(*stats->memory.inactive_file, base::mebibytes(12));
  EXPECT_EQ(*stats->memory.shmem, base::Bytes{4096});
  EXPECT_EQ(*stats->memory.kernel, base::Bytes{1048576 + 49152});
  EXPECT_FALSE(stats->memory.peak);
}

TEST(EngineStats, TellsProcessorTimeAndThrottlingInNanoseconds) {
  const auto stats = parse_stats(engine_fixture("docker_stats_v2.json"));
  ASSERT_TRUE(stats);
  EXPECT_EQ(*stats->cpu.used, std::chrono::milliseconds(1500));
  EXPECT_EQ(*stats->cpu.periods, 40U);
  EXPECT_EQ(*stats->cpu.throttled_periods, 10U);
  EXPECT_EQ(*stats->cpu.throttled, std::chrono::milliseconds(250));
}

TEST(EngineStats, TellsTheCapOnProcesses) {
  const auto stats = parse_stats(engine_fixture("docker_stats_v1.json"));
  ASSERT_TRUE(stats);
  EXPECT_EQ(*stats->pids.current, 1);
  EXPECT_EQ(*stats->pids.limit, 50);
}

class NoPidsLimit : public testing::TestWithParam<const char*> {};
TEST_P(NoPidsLimit, IsTheLargestNumber) {
  const auto stats = parse_stats(with(engine_fixture("docker_stats_v2.json"), "18446744073709551615", GetParam()));
  ASSERT_TRUE(stats);
  EXPECT_EQ(*stats->pids.limit, std::numeric_limits<std::int64_t>::max());
}
INSTANTIATE_TEST_SUITE_P(Forms, NoPidsLimit,
                         testing::Values("18446744073709551615", "1.8446744073709552e+19", "0", "null"));

TEST(EngineStats, OfAContainerThatDoesNotRunAreNotZeroButUnavailable) {
  const auto stats = parse_stats(engine_fixture("docker_stats_stopped.json"));
  ASSERT_FALSE(stats);
  EXPECT_EQ(stats.error().code, Code::unavailable);
}

TEST(EngineStats, ThatAreNegativeAreAbsent) {
  const auto stats = parse_stats(R"({"read":"2026-11-22T14:00:35Z","memory_stats":{"usage":-1,"stats":{"anon":-1}},)"
                                 R"("cpu_stats":{"cpu_usage":{"total_usage":-1}},"pids_stats":{"current":-5}})");
  ASSERT_TRUE(stats);
  EXPECT_FALSE(stats->memory.usage);
  EXPECT_FALSE(stats->memory.anon);
  EXPECT_FALSE(stats->cpu.used);
  EXPECT_FALSE(stats->pids.current);
}

TEST(EngineStats, OfHugeKernelMemoryAreTheLargestThereIs) {
  const auto stats =
      parse_stats(R"({"memory_stats":{"stats":{"slab":9223372036854775807,"kernel_stack":4096,"pagetables":-4096}}})");
  ASSERT_TRUE(stats);
  ASSERT_TRUE(stats->memory.kernel);
  EXPECT_TRUE(stats->memory.kernel->is_unlimited());
}

TEST(EngineStats, WithoutMemoryHasTheRest) {
  const auto stats = parse_stats(with(engine_fixture("docker_stats_v2.json"), "memory_stats", "other"));
  ASSERT_TRUE(stats);
  EXPECT_FALSE(stats->memory.usage);
  EXPECT_TRUE(stats->cpu.used);
}

TEST(EngineStats, OfNeitherMemoryNorProcessorIsCorrupt) {
  for (const char* text : {"", "{}", "[]", "7", "{\"message\":\"no such container\"}"}) {
    const auto stats = parse_stats(text);
    ASSERT_FALSE(stats) << text;
    EXPECT_EQ(stats.error().code, Code::corrupt);
  }
}

// Podman 4.3.1, shortened.
TEST(Statistics, OfPodmanSayWhatTheyDoNotTell) {
  const auto stats = parse_stats(
      R"({"read":"2026-11-30T20:33:55.3Z","pids_stats":{"current":1},"cpu_stats":{"cpu_usage":{"total_usage":15393772}},)"
      R"("memory_stats":{"usage":569344,"limit":104857600}})");
  ASSERT_TRUE(stats);
  EXPECT_EQ(*stats->memory.usage, base::Bytes{569344});
  EXPECT_EQ(*stats->memory.limit, base::mebibytes(100));
  EXPECT_EQ(stats->memory.anon.reason(), "the engine's statistics have usage and limit only");
  EXPECT_FALSE(stats->memory.inactive_file);
  EXPECT_FALSE(stats->pressure.memory.some);
}

TEST(Statistics, OfAnyNestingOrSizeAreBounded) {
  EXPECT_FALSE(parse_stats(R"({"memory_stats":)" + std::string(1'000'000, '[')));
  const auto deep =
      parse_stats(R"({"memory_stats":{"usage":5,"x":)" + std::string(100'000, '[') + std::string(100'000, ']') + "}}");
  ASSERT_TRUE(deep);
  EXPECT_EQ(*deep->memory.usage, base::Bytes{5});
  EXPECT_FALSE(parse_stats(R"({"memory_stats":{"x":[)" + std::string(2'000'000, '1') + "]}}")->memory.usage);
}

}  // namespace
}  // namespace guard::source

#include "guard/history/recording.h"

#include <gtest/gtest.h>

#include "tests/guard/history/scene.h"

namespace guard::history {
namespace {

// Everything that is kept is equal; texts that are not kept are empty.
void expect_same(const sample::Workload& read, const sample::Workload& seen) {
  EXPECT_EQ(read.name, seen.name);
  EXPECT_EQ(read.kind, seen.kind);
  EXPECT_EQ(read.identity, seen.identity);
  EXPECT_EQ(read.lifecycle.state, seen.lifecycle.state);
  EXPECT_EQ(read.lifecycle.why, seen.lifecycle.why);
  EXPECT_EQ(read.lifecycle.started_at, seen.lifecycle.started_at);
  EXPECT_EQ(read.lifecycle.starts, seen.lifecycle.starts);
  EXPECT_EQ(read.lifecycle.last_exit, seen.lifecycle.last_exit);
  EXPECT_EQ(read.lifecycle.last_exit_code, seen.lifecycle.last_exit_code);
  const auto& memory = seen.resources.memory;
  EXPECT_EQ(read.resources.memory.usage, memory.usage);
  EXPECT_EQ(read.resources.memory.anon, memory.anon);
  EXPECT_EQ(read.resources.memory.file, memory.file);
  EXPECT_EQ(read.resources.memory.inactive_file, memory.inactive_file);
  EXPECT_EQ(read.resources.memory.shmem, memory.shmem);
  EXPECT_EQ(read.resources.memory.kernel, memory.kernel);
  EXPECT_EQ(read.resources.memory.limit, memory.limit);
  EXPECT_EQ(read.resources.memory.high, memory.high);
  EXPECT_EQ(read.resources.memory.peak, memory.peak);
  EXPECT_EQ(read.resources.memory.oom_kills, memory.oom_kills);
  EXPECT_EQ(read.resources.cpu.used, seen.resources.cpu.used);
  EXPECT_EQ(read.resources.cpu.limit, seen.resources.cpu.limit);
  EXPECT_EQ(read.resources.cpu.throttled_periods, seen.resources.cpu.throttled_periods);
  EXPECT_EQ(read.resources.cpu.throttled, seen.resources.cpu.throttled);
  EXPECT_EQ(read.resources.pids.current, seen.resources.pids.current);
  EXPECT_EQ(read.resources.pids.limit, seen.resources.pids.limit);
  EXPECT_EQ(read.resources.pressure.memory.full, seen.resources.pressure.memory.full);
  EXPECT_EQ(read.resources.pressure.io.some, seen.resources.pressure.io.some);
  EXPECT_EQ(read.caps.kernel, seen.caps.kernel);
  EXPECT_EQ(read.caps.engine, seen.caps.engine);
  EXPECT_EQ(read.caps.engine_memory_swap, seen.caps.engine_memory_swap);
  EXPECT_EQ(read.caps.has_memory_high, seen.caps.has_memory_high);
}

TEST(Recording, GivesASnapshotBackAsItWas) {
  Scene scene;
  const sample::Snapshot seen = scene.now;
  scene.tick();
  ASSERT_TRUE(scene.recording->write());
  const auto moments = scene.read();
  ASSERT_EQ(moments.size(), 1u);
  const sample::Snapshot& read = moments[0].snapshot;
  EXPECT_EQ(moments[0].resolution, Resolution::raw);
  EXPECT_EQ(read.wall, seen.wall);
  ASSERT_EQ(read.workloads.size(), 2u);
  expect_same(read.workloads[0], seen.workloads[0]);
  expect_same(read.workloads[1], seen.workloads[1]);
  EXPECT_EQ(read.host.memory_total, seen.host.memory_total);
  EXPECT_EQ(read.host.memory_available, seen.host.memory_available);
  EXPECT_EQ(read.host.load1, seen.host.load1);
  EXPECT_EQ(read.host.cores, seen.host.cores);
  EXPECT_EQ(read.host.pressure.cpu.some, seen.host.pressure.cpu.some);
  ASSERT_EQ(read.host.disks.size(), 1u);
  EXPECT_EQ(read.host.disks[0].mount, "/");
  EXPECT_EQ(read.host.disks[0].available, seen.host.disks[0].available);
  ASSERT_EQ(read.sources.size(), 1u);
  EXPECT_FALSE(read.sources[0].up);
  EXPECT_EQ(read.sources[0].errors, 3u);
}

TEST(Recording, GivesALogBackAsItWas) {
  Scene scene;
  const sample::Snapshot seen = scene.now;
  scene.tick();
  ASSERT_TRUE(scene.recording->write());
  const auto moments = scene.read();
  ASSERT_EQ(moments.size(), 1u);
  const sample::Snapshot& read = moments[0].snapshot;
  ASSERT_EQ(read.logs.size(), 1u);
  EXPECT_EQ(read.logs[0].workload, "web");
  EXPECT_EQ(read.logs[0].name, "cleanup");
  EXPECT_TRUE(read.logs[0].source_up);
  EXPECT_EQ(read.logs[0].matches, 7u);
  EXPECT_EQ(read.logs[0].captures, seen.logs[0].captures);
  EXPECT_EQ(read.logs[0].last_match_wall, seen.logs[0].last_match_wall);
  EXPECT_EQ(read.at - *read.logs[0].last_match, 90s) << "on the line that `at` is on";
  EXPECT_EQ(read.at - read.logs[0].watched_since, 10min);
}

TEST(Recording, GivesACapturesAgeBackAsItWas) {
  Scene scene;
  scene.tick();
  ASSERT_TRUE(scene.recording->write());
  const auto moments = scene.read();
  ASSERT_EQ(moments.size(), 1u);
  const sample::Snapshot& read = moments[0].snapshot;
  ASSERT_EQ(read.logs.at(0).captured_at.size(), 2u);
  EXPECT_EQ(read.at - read.logs[0].captured_at.at("count"), 90s);
  EXPECT_EQ(read.at - read.logs[0].captured_at.at("seconds"), 2min);
}

TEST(Recording, GivesAProbeBackAsItWas) {
  Scene scene;
  const sample::Snapshot seen = scene.now;
  scene.tick();
  scene.now.probes[0].able = false;
  scene.now.probes[0].last_answer.reset();
  scene.tick();
  ASSERT_TRUE(scene.recording->write());
  const auto moments = scene.read();
  ASSERT_EQ(moments.size(), 2u);
  const sample::Snapshot& read = moments[0].snapshot;
  ASSERT_EQ(read.probes.size(), 1u);
  EXPECT_EQ(read.probes[0].workload, "web");
  EXPECT_EQ(read.probes[0].name, "page");
  EXPECT_TRUE(read.probes[0].able);
  EXPECT_EQ(read.probes[0].why, "answered 500");
  EXPECT_EQ(read.probes[0].failures_in_row, 2u);
  EXPECT_EQ(read.probes[0].passes_in_row, 0u);
  EXPECT_EQ(read.probes[0].failures, 5u);
  EXPECT_EQ(read.probes[0].took, seen.probes[0].took);
  EXPECT_EQ(read.at - *read.probes[0].last_answer, 3s) << "on the line that `at` is on";
  EXPECT_FALSE(moments[1].snapshot.probes.at(0).able);
  EXPECT_FALSE(moments[1].snapshot.probes[0].last_answer);
}

TEST(Recording, KeepsWhatIsAbsentAbsent) {
  Scene scene;
  scene.memory().anon = sample::Reading<base::Bytes>::absent("EIO");
  scene.now.workloads[0].resources.pids = {};
  scene.now.workloads[0].caps.engine.reset();
  scene.now.workloads[0].lifecycle = {sample::State::unknown, "the engine is down", {}, 0, {}, 0};
  const auto seen = scene.now;
  scene.tick();
  scene.memory().anon = base::mebibytes(1);
  scene.tick();
  ASSERT_TRUE(scene.recording->write());
  const auto moments = scene.read();
  ASSERT_EQ(moments.size(), 2u);
  const auto& read = moments[0].snapshot.workloads[0];
  EXPECT_FALSE(read.resources.memory.anon);
  EXPECT_FALSE(read.resources.pids.current);
  EXPECT_FALSE(read.caps.engine);
  EXPECT_FALSE(read.lifecycle.started_at);
  EXPECT_EQ(read.lifecycle.why, "the engine is down");
  EXPECT_EQ(moments[1].snapshot.workloads[0].resources.memory.anon, sample::Reading(base::mebibytes(1)));
}

TEST(Recording, KeepsTheConfigurationsOrder) {
  Scene scene({}, {"zebra", "ant", "mole"});
  scene.tick();
  ASSERT_TRUE(scene.recording->write());
  const auto moments = scene.read();
  ASSERT_EQ(moments.size(), 1u);
  ASSERT_EQ(moments[0].snapshot.workloads.size(), 3u);
  EXPECT_EQ(moments[0].snapshot.workloads[0].name, "zebra");
  EXPECT_EQ(moments[0].snapshot.workloads[2].name, "mole");
}

TEST(Recording, WritesByItselfEveryFewSeconds) {
  Scene scene;
  scene.tick(5);
  EXPECT_EQ(scene.read().size(), 0u) << "4 s have passed since the first";
  scene.tick(1);
  EXPECT_EQ(scene.read().size(), 6u);
  scene.tick(5);
  EXPECT_EQ(scene.read().size(), 11u);
}

TEST(Recording, LosesOnlyWhatWasNotWrittenWhenItIsKilled) {
  Scene scene;
  scene.tick(9);
  scene.start();
  scene.tick(6);
  const auto moments = scene.read();
  ASSERT_EQ(moments.size(), 12u) << "three seconds' samples are lost";
  EXPECT_EQ(moments[6].snapshot.wall, kBegin + 9s);
}

TEST(Recording, ReadsSamplesOfManyMinutesInOrder) {
  Scene scene;
  scene.tick(400, [&](int i) { scene.memory().usage = base::mebibytes(100 + i); });
  ASSERT_TRUE(scene.recording->write());
  const auto moments = scene.read();
  ASSERT_EQ(moments.size(), 400u);
  for (std::size_t i = 0; i < moments.size(); ++i) {
    EXPECT_EQ(moments[i].snapshot.wall, kBegin + std::chrono::seconds(i));
    EXPECT_EQ(moments[i].snapshot.at - moments[0].snapshot.at, std::chrono::seconds(i));
    EXPECT_EQ(moments[i].snapshot.workloads[0].resources.memory.usage->count >> 20, static_cast<int>(i) + 100);
  }
}

TEST(Reader, ReadsFromAndToTheTimesAsked) {
  Scene scene;
  scene.tick(200);
  ASSERT_TRUE(scene.recording->write());
  const auto moments = scene.read({.since = kBegin + 30s, .until = kBegin + 150s});
  ASSERT_EQ(moments.size(), 120u);
  EXPECT_EQ(moments.front().snapshot.wall, kBegin + 30s);
  EXPECT_EQ(moments.back().snapshot.wall, kBegin + 149s);
  EXPECT_TRUE(scene.read({.since = kBegin + 200s}).empty());
  EXPECT_TRUE(scene.read({.until = kBegin}).empty());
}

TEST(Reader, ReadsTheWorkloadsAskedFor) {
  Scene scene;
  scene.tick(6);
  scene.now.workloads.pop_back();
  scene.tick(6);
  const auto moments = scene.read({.workloads = {"db"}});
  ASSERT_EQ(moments.size(), 6u) << "only while it was there";
  ASSERT_EQ(moments[0].snapshot.workloads.size(), 1u);
  EXPECT_EQ(moments[0].snapshot.workloads[0].name, "db");
  EXPECT_TRUE(moments[0].snapshot.logs.empty()) << "the log is the other's";
  EXPECT_TRUE(scene.read({.workloads = {"nobody"}}).empty());
}

TEST(Reader, PutsSteadyTimesOnOneLineOverARestartOfTheMachine) {
  Scene scene;
  scene.tick(6);
  scene.now.at = base::SteadyTime(20s);  // the machine was off for ten minutes
  scene.now.wall += 10min;
  scene.now.logs[0].last_match = scene.now.at - 5s;
  scene.start();
  scene.tick(6);
  const auto moments = scene.read({.resolution = Resolution::raw});
  ASSERT_EQ(moments.size(), 12u);
  EXPECT_EQ(moments[6].snapshot.at - moments[5].snapshot.at, 10min + 1s);
  EXPECT_EQ(moments[6].snapshot.at - *moments[6].snapshot.logs[0].last_match, 5s);
}

TEST(Reader, KeepsSteadyTimesApartAsTheyWereWhenTheWallClockJumps) {
  Scene scene;
  scene.tick(3);
  scene.now.wall += 24h;
  scene.tick(3);
  scene.now.wall -= 48h;
  scene.tick(3);
  ASSERT_TRUE(scene.recording->write());
  const auto moments = scene.read({.resolution = Resolution::raw});
  ASSERT_EQ(moments.size(), 9u);
  for (std::size_t i = 1; i < moments.size(); ++i)
    EXPECT_GE(moments[i].snapshot.at - moments[i - 1].snapshot.at, 1s) << i;
  EXPECT_EQ(moments[8].snapshot.at - moments[6].snapshot.at, 2s);
}

TEST(Reader, SaysWhatThereIs) {
  Scene scene;
  scene.tick(120);
  ASSERT_TRUE(scene.recording->write());
  auto reader = Reader::open(scene.path());
  ASSERT_TRUE(reader);
  EXPECT_EQ(*reader->workloads(), (std::vector<std::string>{"db", "web"}));
  const auto raw = reader->extent(Resolution::raw);
  ASSERT_TRUE(raw);
  EXPECT_EQ(raw->ticks, 120u);
  EXPECT_EQ(raw->since, kBegin);
  EXPECT_EQ(raw->until, kBegin + 119s);
  EXPECT_EQ(reader->extent(Resolution::quarter)->since, std::nullopt);
}

TEST(Reader, OfAFileThatIsNotThereSaysSo) {
  const base::TemporaryFolder folder;
  const auto reader = Reader::open(folder.at("history.db"));
  ASSERT_FALSE(reader);
  EXPECT_EQ(reader.error().code, base::Code::not_found);
}

}  // namespace
}  // namespace guard::history

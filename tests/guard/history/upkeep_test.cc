// What the history does over time, and when its disk or its file is not as it should be.

#include <algorithm>
#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

#include "guard/history/schema.h"
#include "tests/guard/history/scene.h"

namespace guard::history {
namespace {

std::size_t count(const std::vector<Moment>& moments, Resolution resolution) {
  return static_cast<std::size_t>(std::ranges::count(moments, resolution, &Moment::resolution));
}

std::int64_t bytes_of(const std::string& path) {
  std::int64_t bytes = 0;
  for (const char* beside : {"", "-wal", "-shm"})
    if (std::filesystem::exists(path + beside))
      bytes += static_cast<std::int64_t>(std::filesystem::file_size(path + beside));
  return bytes;
}

// Memory that no two samples have alike, so that a block costs what noise costs.
void make_noise(Scene& scene, int i) {
  for (auto& workload : scene.now.workloads) {
    auto& memory = workload.resources.memory;
    memory.usage = base::Bytes{300'000'000 + (i * 7919LL % 65536) * 4096};
    memory.anon = base::Bytes{200'000'000 + (i * 104729LL % 65536) * 4096};
  }
}

TEST(Minutes, HaveTheLeastTheMostAndTheLastOfMemory) {
  Scene scene;
  scene.tick(180, [&](int i) {
    scene.memory().usage = base::mebibytes(300 + i % 60);
    scene.memory().anon = base::mebibytes(200 - i % 60);
    scene.now.workloads[0].resources.cpu.used = base::Duration(i * 250ms);
  });
  ASSERT_TRUE(scene.recording->write());
  const auto minutes = scene.read({.resolution = Resolution::minute});
  ASSERT_EQ(minutes.size(), 2u) << "the third is not over";
  EXPECT_EQ(minutes[0].snapshot.wall, kBegin + 59s);
  ASSERT_EQ(minutes[1].summaries.size(), 2u);
  const Summary& summary = minutes[1].summaries[0];
  EXPECT_EQ(summary.samples, 60u);
  EXPECT_EQ(*summary.usage.least, base::mebibytes(300));
  EXPECT_EQ(*summary.usage.most, base::mebibytes(359));
  EXPECT_EQ(summary.usage.mean->count, (base::mebibytes(300).count + base::mebibytes(359).count) / 2 / 4096 * 4096);
  EXPECT_EQ(*summary.unreclaimable.least, base::mebibytes(141 + 10)) << "anonymous, shared and kernel memory";
  EXPECT_EQ(*minutes[1].snapshot.workloads[0].resources.memory.usage, base::mebibytes(359));
  EXPECT_NEAR(summary.cpu_mean->count, 0.25, 1e-6);
  EXPECT_NEAR(summary.cpu_most->count, 0.25, 1e-6);
}

TEST(Minutes, OfWhatWasAbsentAreAbsent) {
  Scene scene;
  scene.memory() = {};
  scene.now.workloads[0].resources.cpu = {};
  scene.tick(61);
  ASSERT_TRUE(scene.recording->write());
  const auto minutes = scene.read({.resolution = Resolution::minute});
  ASSERT_EQ(minutes.size(), 1u);
  EXPECT_EQ(minutes[0].summaries[0].samples, 60u);
  EXPECT_FALSE(minutes[0].summaries[0].usage.least);
  EXPECT_FALSE(minutes[0].summaries[0].cpu_mean);
  EXPECT_TRUE(minutes[0].summaries[1].usage.least);
}

TEST(Minutes, ThatAKillCutOffAreSummedUpFromTheSamples) {
  Scene scene;
  scene.tick(56);
  scene.now.wall += 1h;
  scene.now.at += 1h;
  scene.start();
  scene.tick(6);
  const auto minutes = scene.read({.resolution = Resolution::minute});
  ASSERT_EQ(minutes.size(), 2u);
  EXPECT_EQ(minutes[0].summaries[0].samples, 56u);
  EXPECT_EQ(minutes[0].snapshot.wall, kBegin + 55s);
  EXPECT_EQ(scene.read({.resolution = Resolution::quarter}).size(), 1u);
}

TEST(Quarters, ComeBeforeMinutesAndTheseBeforeSamples) {
  Scene scene;
  scene.tick(3 * 3600, [&](int i) { make_noise(scene, i); });
  ASSERT_TRUE(scene.recording->write());
  scene.recording.reset();
  {
    // As it is once room has been short: samples of the last hour, minutes of the one before.
    auto database = Database::open(scene.path(), Access::read_write);
    const auto end_of = [](base::Duration after) {
      return std::to_string((kBegin + after).time_since_epoch().count());
    };
    ASSERT_TRUE(database && database->execute("DELETE FROM blocks WHERE resolution = 0 AND until < " + end_of(2h) +
                                              " OR resolution = 1 AND until < " + end_of(1h)));
  }
  const auto moments = scene.read();
  EXPECT_TRUE(std::ranges::is_sorted(moments, {}, [](const Moment& moment) { return moment.snapshot.wall; }));
  EXPECT_TRUE(std::ranges::is_sorted(moments, std::ranges::greater(), &Moment::resolution));
  EXPECT_EQ(count(moments, Resolution::raw), 3600u);
  EXPECT_EQ(count(moments, Resolution::minute), 60u);
  EXPECT_EQ(count(moments, Resolution::quarter), 4u);
  EXPECT_EQ(count(scene.read({.finest = Resolution::minute}), Resolution::raw), 0u);
  EXPECT_EQ(count(scene.read({.finest = Resolution::minute}), Resolution::minute), 119u) << "the last is not over";
}

TEST(Room, IsNeverMoreThanWasGiven) {
  Scene scene({.max_size = base::mebibytes(1), .keep = 30 * 24h}, {"a", "b", "c", "d", "e", "f", "g", "h"});
  std::int64_t most = 0;
  scene.tick(3600, [&](int i) {
    make_noise(scene, i);
    if (i % 30 == 0) most = std::max(most, bytes_of(scene.path()));
  });
  EXPECT_LE(most, base::mebibytes(1).count);
  EXPECT_GT(most, base::mebibytes(1).count / 2);
  EXPECT_EQ(scene.counters.writes_failed, 0u);
}

TEST(Age, EndsWhatIsOlderThanItIsToBe) {
  Scene scene({.max_size = base::mebibytes(64), .keep = 1h});
  scene.tick(600);
  scene.now.wall += 3h;
  scene.now.at += 3h;
  scene.start();  // what one run has written goes as a whole
  scene.tick(120);
  ASSERT_TRUE(scene.recording->write());
  for (const Resolution resolution : kResolutions)
    for (const Moment& moment : scene.read({.resolution = resolution}))
      EXPECT_GT(moment.snapshot.wall, kBegin + 3h) << name_of(resolution);
  EXPECT_EQ(scene.read({.resolution = Resolution::raw}).size(), 120u);
}

TEST(DamagedFile, IsSetAsideAndANewOneBegun) {
  Scene scene;
  scene.folder.write("history.db", std::string(8192, 'x'));
  scene.tick(12);
  EXPECT_EQ(scene.read().size(), 11u);
  EXPECT_TRUE(std::filesystem::exists(scene.path() + ".corrupt"));
  EXPECT_EQ(scene.counters.samples_dropped, 0u);
}

TEST(DamagedFile, IsFoundWhileItIsWrittenTo) {
  Scene scene;
  scene.tick(300);
  scene.start();
  {
    // Pages in the middle, behind the schema.
    std::fstream file(scene.path(), std::ios::binary | std::ios::in | std::ios::out);
    file.seekp(4096 * 2);
    file << std::string(4096 * 4, '\xee');
  }
  scene.tick(12);
  EXPECT_TRUE(std::filesystem::exists(scene.path() + ".corrupt"));
  EXPECT_GE(scene.read().size(), 6u);
}

TEST(MissingFolder, IsLostOnlyForAsLongAsItIsMissing) {
  Scene scene;
  scene.folder.write("in-its-place", "");
  RecordingCounters counters;
  Recording recording({scene.folder.at("in-its-place/history.db"), {}}, counters);
  for (int i = 0; i < 12; ++i) {
    recording.take(scene.now);
    scene.now.at += 1s;
    scene.now.wall += 1s;
  }
  EXPECT_GE(counters.writes_failed, 1u);
  EXPECT_EQ(counters.samples_dropped, 0u) << "they wait in memory";
  std::filesystem::remove(scene.folder.at("in-its-place"));
  ASSERT_TRUE(recording.write());
  auto reader = Reader::open(scene.folder.at("in-its-place/history.db"));
  ASSERT_TRUE(reader);
  EXPECT_EQ(reader->extent(Resolution::raw)->ticks, 12u);
}

TEST(MissingDisk, CostsTheOldestSamplesOnceMemoryForThemIsFull) {
  Scene scene({}, {"a", "b", "c", "d", "e", "f", "g", "h", "i", "j"});
  scene.folder.write("in-its-place", "");
  RecordingCounters counters;
  Recording recording({scene.folder.at("in-its-place/history.db"), {}}, counters);
  for (int i = 0; i < 4 * 3600; ++i) {
    make_noise(scene, i);
    recording.take(scene.now);
    scene.now.at += 1s;
    scene.now.wall += 1s;
  }
  EXPECT_GT(counters.samples_dropped, 0u);
  EXPECT_LE(counters.bytes_waiting, 1 << 20);
  std::filesystem::remove(scene.folder.at("in-its-place"));
  ASSERT_TRUE(recording.write());
  EXPECT_EQ(counters.bytes_waiting, 0);
}

TEST(LockedFile, IsWrittenOnceItIsFree) {
  Scene scene;
  scene.tick(6);
  {
    auto other = Database::open(scene.path(), Access::read_write);
    ASSERT_TRUE(other);
    ASSERT_TRUE(other->execute("BEGIN IMMEDIATE"));
    scene.tick(6);
    EXPECT_EQ(scene.counters.writes_failed, 1u);
    ASSERT_TRUE(other->execute("COMMIT"));
  }
  ASSERT_TRUE(scene.recording->write());
  EXPECT_EQ(scene.read().size(), 12u);
  EXPECT_EQ(scene.counters.samples_dropped, 0u);
}

TEST(RemovedFile, IsMadeAnew) {
  Scene scene;
  scene.tick(6);
  for (const char* beside : {"", "-wal", "-shm"}) std::filesystem::remove(scene.path() + beside);
  scene.tick(6);
  ASSERT_TRUE(scene.recording->write());
  EXPECT_EQ(scene.read().size(), 12u) << "the open block was still in memory";
}

TEST(ALongReader, DoesNotMakeTheLogGrowPastItsBound) {
  Scene scene({.max_size = base::mebibytes(1), .keep = 30 * 24h}, {"a", "b", "c", "d", "e", "f", "g", "h"});
  scene.tick(6);
  auto other = Database::open(scene.path(), Access::read_only);
  ASSERT_TRUE(other);
  ASSERT_TRUE(other->execute("BEGIN"));
  ASSERT_TRUE(other->query_number("SELECT count(*) FROM blocks"));
  scene.tick(600, [&](int i) { make_noise(scene, i); });
  EXPECT_GT(scene.counters.writes_failed, 0u);
  EXPECT_LE(bytes_of(scene.path()), base::mebibytes(1).count);
  ASSERT_TRUE(other->execute("COMMIT"));
  EXPECT_TRUE(scene.recording->write());
}

TEST(Schema, OfANewerVersionIsLeftAloneWithWhatToDo) {
  Scene scene;
  scene.tick(6);
  scene.recording.reset();
  {
    auto database = Database::open(scene.path(), Access::read_write);
    ASSERT_TRUE(database && database->execute("PRAGMA user_version=99"));
  }
  scene.start();
  scene.tick(12);
  EXPECT_GE(scene.counters.writes_failed, 1u);
  EXPECT_FALSE(std::filesystem::exists(scene.path() + ".corrupt"));
  const auto reader = Reader::open(scene.path());
  ASSERT_FALSE(reader);
  EXPECT_NE(reader.error().message.find("use the leakguard that wrote it"), std::string::npos);
}

TEST(Schema, OfAnotherProgramIsLeftAlone) {
  Scene scene;
  {
    auto database = Database::open(scene.path(), Access::read_write);
    ASSERT_TRUE(database && database->execute("CREATE TABLE songs (name TEXT)"));
  }
  scene.tick(12);
  EXPECT_GE(scene.counters.writes_failed, 1u);
  auto database = Database::open(scene.path(), Access::read_only);
  ASSERT_TRUE(database);
  EXPECT_EQ(database->query_number("SELECT count(*) FROM sqlite_master"), 1);
  const auto reader = Reader::open(scene.path());
  ASSERT_FALSE(reader);
  EXPECT_NE(reader.error().message.find("another program"), std::string::npos);
}

TEST(Schema, OfAnOlderVersionIsBroughtUpToDateWithItsBlocks) {
  Scene scene;
  scene.tick(6);
  scene.recording.reset();
  auto database = Database::open(scene.path(), Access::read_write);
  ASSERT_TRUE(database);
  // Versions as a later leakguard may have them.
  const char* const later[] = {schema_steps()[0], "CREATE TABLE more (id INTEGER PRIMARY KEY)"};
  EXPECT_FALSE(check_schema(*database, later)) << "a reader cannot";
  ASSERT_TRUE(prepare_schema(*database, later));
  EXPECT_EQ(database->query_number("PRAGMA user_version"), 2);
  EXPECT_EQ(database->query_number("SELECT sum(ticks) FROM blocks"), 6);
  EXPECT_TRUE(check_schema(*database, later));
}

}  // namespace
}  // namespace guard::history

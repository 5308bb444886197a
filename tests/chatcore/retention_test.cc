// With a real SQLite store, and time that is an argument.

#include "chatcore/retention.h"

#include <chrono>
#include <string>
#include <thread>

#include <gtest/gtest.h>

#include "tests/chatcore/storage/asking.h"

namespace chatcore {
namespace {

using namespace std::chrono_literals;

struct RetentionTest : ::testing::Test {
  void add(const std::string& id, bool listed = true, std::size_t bytes = 10) {
    ASSERT_TRUE(storage::create(
        *store, {.key = {"user", id}, .messages = {{.content = std::string(bytes, 'x')}}, .listed = listed}));
  }
  bool exists(const std::string& id) { return storage::load_window(*store, {"user", id}, 1)->exists; }
  // A sweep to its end.
  void sweep(RetentionLimits limits) {
    Retention retention(limits, parts());
    run(retention);
  }
  RetentionParts parts() {
    return {.store = *store, .registry = registry, .clock = clock, .loop = loop, .metrics = metrics};
  }
  void run(Retention& retention) {
    loop.post([&] {
      retention.sweep([&] {
        ++ended;
        existed_at_end = counted("conversation", "age") != "70";
      });
      wait_for_end(retention);
    });
    loop.run();
  }
  void wait_for_end(Retention& retention) {
    if (!retention.is_under_way()) return loop.stop();
    timer = loop.after(1ms, [&] { wait_for_end(retention); });
  }
  std::string counted(const std::string& kind, const std::string& reason) {
    const std::string page = metrics.render({});
    const std::string name = "chatcore_retention_removed_total{kind=\"" + kind + "\",reason=\"" + reason + "\"} ";
    const auto at = page.find(name);
    return at == std::string::npos ? "none" : page.substr(at + name.size(), page.find('\n', at) - at - name.size());
  }

  int ended = 0;
  bool existed_at_end = false;
  const base::TemporaryFolder folder;
  base::ManualClock clock;
  Metrics metrics{"", ""};
  base::EventLoop loop;
  base::Pending timer;
  conversation::Registry registry{{}, clock};
  std::unique_ptr<storage::Store> store = storage::open_store(storage::sqlite_url(folder, "chatcore.db"), clock).value();
};

TEST_F(RetentionTest, RemovesWhatWasNotUsedForLong) {
  for (int i = 0; i < 70; ++i) add("old" + std::to_string(i));  // more than two slices
  add("old chain", false);
  clock.advance(24h * 31);
  add("new");
  add("new chain", false);
  sweep({.conversations = 24h * 90, .responses = 24h * 30});
  EXPECT_TRUE(exists("old0"));
  EXPECT_FALSE(exists("old chain"));
  EXPECT_EQ(counted("response", "age"), "1");
  EXPECT_EQ(counted("conversation", "age"), "0");
  clock.advance(24h * 60);
  sweep({.conversations = 24h * 90});
  for (int i = 0; i < 70; ++i) EXPECT_FALSE(exists("old" + std::to_string(i))) << i;
  EXPECT_TRUE(exists("new"));
  EXPECT_TRUE(exists("new chain"));
  EXPECT_EQ(counted("conversation", "age"), "70");
}

TEST_F(RetentionTest, OffRemovesNothing) {
  add("old");
  add("old chain", false);
  clock.advance(24h * 3650);
  sweep({});
  EXPECT_TRUE(exists("old"));
  EXPECT_TRUE(exists("old chain"));
}

TEST_F(RetentionTest, ATooLargeDatabaseLosesTheLeastRecentlyUsed) {
  for (int i = 0; i < 100; ++i) {
    add(std::to_string(i), i % 2 == 0, 64 << 10);
    clock.advance(1s);
  }
  sweep({.max_size = base::mebibytes(4)});
  EXPECT_LE(storage::wait_for<base::Bytes>([&](auto done) { store->used_bytes(done); })->count, 4 << 20);
  EXPECT_FALSE(exists("0"));
  EXPECT_FALSE(exists("1"));
  EXPECT_TRUE(exists("99"));
  EXPECT_TRUE(exists("70")) << "no more than is needed";
  EXPECT_NE(counted("conversation", "size"), "0");
}

TEST_F(RetentionTest, AFailingDatabaseEndsTheSweep) {
  add("old");
  clock.advance(24h * 100);
  store->close();
  sweep({.conversations = 24h});
  EXPECT_EQ(ended, 1);
}

// For the age every conversation is read, and sweeps of memory may come every few seconds.
TEST_F(RetentionTest, ChecksTheAgeAtMostHourlyForLongLimits) {
  Retention retention({.conversations = 24h * 30}, parts());
  add("a");
  clock.advance(24h * 30 - 30min);
  run(retention);
  clock.advance(45min);
  run(retention);
  EXPECT_TRUE(exists("a")) << "too old by now, but the age was checked within the hour";
  clock.advance(15min);
  run(retention);
  EXPECT_FALSE(exists("a"));
}

TEST_F(RetentionTest, ChecksTheSizeEachTime) {
  Retention retention({.conversations = 24h * 30, .max_size = base::mebibytes(4)}, parts());
  run(retention);
  for (int i = 0; i < 100; ++i) add(std::to_string(i), true, 64 << 10);
  clock.advance(1s);
  run(retention);
  EXPECT_FALSE(exists("0"));
}

TEST_F(RetentionTest, EndsOnceAfterAllWasRemoved) {
  for (int i = 0; i < 70; ++i) add("old" + std::to_string(i));
  clock.advance(24h * 100);
  sweep({.conversations = 24h});
  EXPECT_EQ(ended, 1);
  EXPECT_FALSE(existed_at_end);
  sweep({});
  EXPECT_EQ(ended, 2) << "also when there is nothing to do";
}

}  // namespace
}  // namespace chatcore

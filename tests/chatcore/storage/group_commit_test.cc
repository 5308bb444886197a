// Writes that queue up while the database is busy are committed together, each with an outcome of its own, and the
// queues are bounded.

#include <atomic>
#include <future>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "base/clock.h"
#include "chatcore/storage/sqlite_connection.h"
#include "chatcore/storage/sqlite_store.h"
#include "tests/chatcore/storage/asking.h"

namespace chatcore::storage {
namespace {

struct GroupCommitTest : testing::Test {
  void open(SqliteOptions options = {}) {
    options.path = folder.at("chatcore.db");
    auto opened = SqliteStore::open(std::move(options), clock);
    ASSERT_TRUE(opened) << opened.error().message;
    store = *std::move(opened);
  }

  // Keeps the thread that writes in a callback until go_on().
  void hold_writer() {
    const auto held = std::make_shared<std::promise<void>>();
    store->append({.key = {"", "holding"}, .message = {.content = "?"}, .after = 0},
                  [this, held](base::Result<std::int64_t>) {
                    held->set_value();
                    release.get_future().wait();
                  });
    held->get_future().wait();
  }
  void hold_reader() {
    const auto held = std::make_shared<std::promise<void>>();
    store->load_window({"", "holding"}, 1, [this, held](base::Result<Window>) {
      held->set_value();
      release.get_future().wait();
    });
    held->get_future().wait();
  }
  void go_on() { release.set_value(); }

  const base::TemporaryFolder folder;
  const base::ManualClock clock{};
  std::promise<void> release;
  std::unique_ptr<Store> store;
};

TEST_F(GroupCommitTest, CommitsAllThatHasQueuedUpAtOnce) {
  open();
  hold_writer();
  std::atomic<int> stored{0};
  for (int i = 0; i < 100; ++i) {
    store->append({.key = {"", std::to_string(i)}, .message = {.content = "?"}, .after = 0},
                  [&](base::Result<std::int64_t> sequence) {
                    if (sequence) ++stored;
                  });
  }
  EXPECT_EQ(store->statistics().writes_waiting, 100U);
  go_on();
  store->close();
  EXPECT_EQ(stored, 100);
  EXPECT_EQ(store->statistics().commits_total, 2U);
  EXPECT_EQ(store->statistics().appends_total, 101U);
}

TEST_F(GroupCommitTest, KeepsAGroupWithinItsBound) {
  open({.path = {}, .writes = {.largest_group = 10}});
  hold_writer();
  for (int i = 0; i < 25; ++i)
    store->append({.key = {"", std::to_string(i)}, .message = {.content = "?"}, .after = 0}, [](const auto&) {});
  go_on();
  store->close();
  EXPECT_EQ(store->statistics().commits_total, 4U);  // 1, 10, 10, 5
}

TEST_F(GroupCommitTest, FailsAConflictWithoutItsGroup) {
  open();
  hold_writer();
  std::vector<base::Result<std::int64_t>> outcomes;
  for (const std::int64_t after : {0, 7, 1, 1, 2}) {
    store->append({.key = {"", "a"}, .message = {.content = "?"}, .after = after},
                  [&](base::Result<std::int64_t> outcome) {
                    outcomes.push_back(std::move(outcome));  // on the one writing thread
                  });
  }
  go_on();
  store->close();
  ASSERT_EQ(outcomes.size(), 5U);
  EXPECT_EQ(outcomes[0], 1);
  EXPECT_EQ(outcomes[1].error().code, base::Code::conflict);
  EXPECT_EQ(outcomes[2], 2);
  EXPECT_EQ(outcomes[3].error().code, base::Code::conflict);
  EXPECT_EQ(outcomes[4], 3);
  EXPECT_EQ(store->statistics().commits_total, 2U);
  EXPECT_EQ(store->statistics().errors_total, 0U);
}

// A trigger stands for whatever may fail once an append has begun to change things.
TEST_F(GroupCommitTest, AnAppendThatFailsHalfWayLeavesNothingBehindAndTheOthersStand) {
  open();
  {
    auto connection = SqliteConnection::open(folder.at("chatcore.db"), Access::read_write);
    ASSERT_TRUE(connection);
    ASSERT_TRUE(
        connection->execute("CREATE TRIGGER fails AFTER INSERT ON messages WHEN NEW.content = 'bad' BEGIN "
                            "SELECT json('no json'); END"));
  }
  hold_writer();
  std::vector<base::Result<std::int64_t>> outcomes;
  const auto note = [&](base::Result<std::int64_t> outcome) { outcomes.push_back(std::move(outcome)); };
  store->append({.key = {"", "a"}, .message = {.content = "good"}}, note);
  store->append({.key = {"", "b"}, .message = {.content = "bad"}}, note);
  store->append({.key = {"", "a"}, .message = {.content = "good"}, .after = 1}, note);
  go_on();
  EXPECT_FALSE(load_window(*store, {"", "b"}, 0)->exists);
  store->close();
  ASSERT_EQ(outcomes.size(), 3U);
  EXPECT_EQ(outcomes[0], 1);
  EXPECT_FALSE(outcomes[1]);
  EXPECT_EQ(outcomes[2], 2);
}

TEST_F(GroupCommitTest, RemovesAndBeginsAgainWithinAGroup) {
  open();
  append_all(*store, {"", "a"}, "uaua");
  hold_writer();
  std::promise<base::Result<std::int64_t>> appended;
  store->remove({"", "a"}, [](const auto&) {});
  store->append({.key = {"", "a"}, .message = {.content = "anew"}, .after = 0},
                [&](auto sequence) { appended.set_value(std::move(sequence)); });
  go_on();
  EXPECT_EQ(appended.get_future().get(), 1);
  EXPECT_EQ(contents(*load_window(*store, {"", "a"}, 0)), "anew");
}

TEST_F(GroupCommitTest, RefusesAWriteOverTheQueuesBound) {
  open({.path = {}, .writes = {.queue_writes = 2}});
  hold_writer();
  std::vector<base::Code> refused;
  const auto note = [&](const base::Result<std::int64_t>& outcome) {
    if (!outcome) refused.push_back(outcome.error().code);
  };
  for (const char* id : {"a", "b"}) store->append({.key = {"", id}, .message = {.content = "?"}, .after = 0}, note);
  EXPECT_TRUE(refused.empty());
  store->append({.key = {"", "c"}, .message = {.content = "?"}, .after = 0}, note);
  EXPECT_EQ(refused, std::vector<base::Code>{base::Code::exhausted});
  go_on();
  store->close();
  EXPECT_EQ(refused.size(), 1U);
}

TEST_F(GroupCommitTest, RefusesAWriteOverTheQueuesBytes) {
  open({.path = {}, .writes = {.queue_bytes = 1000}});
  hold_writer();
  std::vector<base::Code> refused;
  const auto note = [&](const base::Result<std::int64_t>& outcome) {
    if (!outcome) refused.push_back(outcome.error().code);
  };
  store->append({.key = {"", "a"}, .message = {.content = std::string(1000, 'x')}, .after = 0}, note);
  EXPECT_TRUE(refused.empty());
  store->append({.key = {"", "b"}, .message = {.content = "x"}, .after = 0}, note);
  EXPECT_EQ(refused, std::vector<base::Code>{base::Code::exhausted});
  go_on();
  store->close();
}

TEST_F(GroupCommitTest, RefusesAReadOverTheQueuesBound) {
  open({.path = {}, .readers = 1, .queue_reads = 1});
  hold_reader();
  std::vector<base::Code> refused;
  const auto note = [&](const base::Result<Window>& outcome) {
    if (!outcome) refused.push_back(outcome.error().code);
  };
  store->load_window({"", "a"}, 1, note);
  EXPECT_TRUE(refused.empty());
  store->load_window({"", "b"}, 1, note);
  EXPECT_EQ(refused, std::vector<base::Code>{base::Code::exhausted});
  go_on();
  store->close();
}

TEST_F(GroupCommitTest, NeedsFewerCommitsThanMessagesWhenManyWrite) {
  open();
  constexpr int kWriters = 8;
  constexpr int kEach = 25;
  std::vector<std::thread> writers;
  for (int writer = 0; writer < kWriters; ++writer) {
    writers.emplace_back([&, writer] {
      for (std::int64_t after = 0; after < kEach; ++after) {
        EXPECT_EQ(append(*store, {"", std::to_string(writer)}, {.content = "?"}, after), after + 1);
      }
    });
  }
  for (std::thread& writer : writers) writer.join();
  const StoreStatistics statistics = store->statistics();
  EXPECT_EQ(statistics.appends_total, kWriters * kEach);
  EXPECT_LT(statistics.commits_total, statistics.appends_total);
}

}  // namespace
}  // namespace chatcore::storage

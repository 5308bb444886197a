// What becomes of a disk that is full, a file that is broken, and a database that another process holds.

#include <filesystem>
#include <fstream>
#include <string>
#include <thread>

#include <sched.h>
#include <sys/mount.h>

#include <gtest/gtest.h>

#include "base/clock.h"
#include "chatcore/storage/outage.h"
#include "chatcore/storage/sqlite_connection.h"
#include "chatcore/storage/store.h"
#include "tests/chatcore/storage/asking.h"

namespace chatcore::storage {
namespace {

struct FaultsTest : testing::Test {
  const base::TemporaryFolder folder;
  const base::ManualClock clock{};
};

// Fills a small disk of its own, makes room, and goes on.
void survive_a_full_disk(const base::TemporaryFolder& folder, const base::Clock& clock) {
  auto opened = open_store(sqlite_url(folder, "disk/chatcore.db"), clock);
  ASSERT_TRUE(opened) << opened.error().message;
  Store& store = **opened;
  std::ofstream(folder.at("disk/ballast")) << std::string(1 << 20, 'x');

  const ConversationKey key{"", "a"};
  std::int64_t last = 0;
  base::Result<std::int64_t> appended = 0;
  for (int i = 0; i < 100 && appended; ++i) {
    appended = append(store, key, {.content = std::string(64 << 10, 'x')}, last);
    if (appended) last = *appended;
  }
  ASSERT_FALSE(appended) << "the disk is never full";
  EXPECT_EQ(appended.error().code, base::Code::exhausted) << appended.error().message;
  EXPECT_TRUE(is_full_disk(appended.error())) << "and not too many writes";
  EXPECT_GT(store.statistics().errors_total, 0U);
  EXPECT_EQ(load_window(store, key, 1)->last_sequence, last);
  const auto check_write = [&] {
    return wait_for<bool>([&](auto done) {
      store.check_write(
          [done](const base::Status& status) { done(status ? base::Result<bool>(true) : base::fail(status.error())); });
    });
  };
  EXPECT_EQ(check_write().error().code, base::Code::exhausted) << "what asks whether it is ready is told";

  std::filesystem::remove(folder.at("disk/ballast"));
  appended = append(store, key, {.content = "room again"}, last);
  EXPECT_EQ(appended, last + 1);
  EXPECT_TRUE(check_write());
}

TEST_F(FaultsTest, AFullDiskRefusesMessagesAndLosesNone) {
  std::filesystem::create_directory(folder.at("disk"));
  bool mounted = false;
  // The mount belongs to a thread of its own, and so to the threads of the store that it opens, and ends with them.
  std::thread([&] {
    if (unshare(CLONE_NEWNS) != 0 || mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) return;
    if (mount("tmpfs", folder.at("disk").c_str(), "tmpfs", 0, "size=3m") != 0) return;
    mounted = true;
    survive_a_full_disk(folder, clock);
  }).join();
  if (!mounted) GTEST_SKIP() << "a small disk cannot be mounted here (needs root)";
}

TEST_F(FaultsTest, ABrokenFileIsCalledCorrupt) {
  const ConversationKey key{"", "a"};
  {
    auto store = open_store(sqlite_url(folder, "chatcore.db"), clock);
    ASSERT_TRUE(store);
    append_all(**store, key, "uauaua");
  }
  constexpr std::int64_t kFirstPage = 4096;  // holds the schema and stays whole
  std::fstream file(folder.at("chatcore.db"), std::ios::in | std::ios::out | std::ios::binary);
  const auto size = static_cast<std::int64_t>(std::filesystem::file_size(folder.at("chatcore.db")));
  ASSERT_GT(size, kFirstPage);
  file.seekp(kFirstPage);
  file << std::string(static_cast<std::size_t>(size - kFirstPage), '\xff');
  file.close();

  auto store = open_store(sqlite_url(folder, "chatcore.db"), clock);
  ASSERT_TRUE(store) << store.error().message;
  EXPECT_EQ(load_window(**store, key, 10).error().code, base::Code::corrupt);
  EXPECT_EQ(append(**store, key, {.content = "?"}, 6).error().code, base::Code::corrupt);
  EXPECT_EQ((*store)->statistics().errors_total, 2U);
}

// SQLite goes on with a file that has no name any more: what it stored there would be gone with the process.
TEST_F(FaultsTest, NothingIsAcknowledgedInAFileThatWasMovedAway) {
  const ConversationKey key{"", "a"};
  auto opened = open_store(sqlite_url(folder, "chatcore.db"), clock);
  ASSERT_TRUE(opened);
  Store& store = **opened;
  ASSERT_EQ(append(store, key, {.content = "one"}, 0), 1);

  std::filesystem::rename(folder.at("chatcore.db"), folder.at("elsewhere"));
  EXPECT_EQ(append(store, key, {.content = "two"}, 1).error().code, base::Code::unavailable);
  EXPECT_EQ(describe(store, key).error().code, base::Code::unavailable);

  std::filesystem::copy_file(folder.at("elsewhere"), folder.at("chatcore.db"));  // another file by that name
  EXPECT_EQ(append(store, key, {.content = "two"}, 1).error().code, base::Code::unavailable);

  std::filesystem::rename(folder.at("elsewhere"), folder.at("chatcore.db"));
  EXPECT_EQ(append(store, key, {.content = "two"}, 1), 2);
  EXPECT_EQ(load_window(store, key, 10)->last_sequence, 2);
}

TEST_F(FaultsTest, ADatabaseHeldByAnotherIsCalledUnavailable) {
  const std::string path = folder.at("chatcore.db");
  auto other = SqliteConnection::open(path, Access::read_write);
  auto ours = SqliteConnection::open(path, Access::read_write);
  ASSERT_TRUE(other && ours);
  ASSERT_TRUE(other->execute("BEGIN IMMEDIATE"));
  ASSERT_TRUE(ours->execute("PRAGMA busy_timeout=0"));
  EXPECT_EQ(ours->execute("BEGIN IMMEDIATE").error().code, base::Code::unavailable);
  ASSERT_TRUE(other->execute("ROLLBACK"));
  EXPECT_TRUE(ours->execute("BEGIN IMMEDIATE"));
}

TEST_F(FaultsTest, AFailedBindIsReportedByTheNextStep) {
  auto connection = SqliteConnection::open(folder.at("chatcore.db"), Access::read_write);
  ASSERT_TRUE(connection);
  auto statement = connection->prepare("SELECT ?1");
  ASSERT_TRUE(statement);
  EXPECT_FALSE(statement->bind(2, "there is no second parameter").step());
  statement->reset();
  EXPECT_EQ(statement->bind(1, "there is a first").step(), true);
}

}  // namespace
}  // namespace chatcore::storage

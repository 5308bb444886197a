// What is PostgreSQL's alone: opening, migration, texts it cannot keep, writes that fail within a group, and what an
// error may say.

#include "chatcore/storage/postgres_store.h"

#include <atomic>
#include <cstdlib>
#include <functional>
#include <future>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/integration/storage/postgres_fixture.h"

namespace chatcore::storage {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST_F(PostgresStoreTest, SaysWhatToDoAboutANewerDatabase) {
  open();
  change("UPDATE chatcore.schema_version SET version = 99");
  const base::Error error = error_of(postgres_url());
  EXPECT_EQ(error.code, base::Code::corrupt);
  EXPECT_THAT(error.message, HasSubstr("schema version 99"));
  EXPECT_THAT(error.message, HasSubstr("install the chatcore that wrote it"));
}

// The tables of version 2 less what its step brings are those of version 1.
TEST_F(PostgresStoreTest, BringsAnOlderDatabaseUpToDateWhenItMay) {
  append_all(*open(), kKey, "ua");
  change("DROP TABLE chatcore.summaries; UPDATE chatcore.schema_version SET version = 1");
  EXPECT_THAT(error_of(postgres_url(), false).message, HasSubstr("run: chatcore migrate"));
  const auto store = open();
  EXPECT_EQ(contents(*load_window(*store, kKey, 0)), "u1 a2");
  EXPECT_EQ(append(*store, kKey, {.content = "new"}, 2), 3);
}

TEST_F(PostgresStoreTest, MayBeForbiddenToMigrateButNotToBegin) {
  auto connection = PostgresConnection::open(postgres_url(), {});
  ASSERT_TRUE(connection);
  EXPECT_TRUE(open_store(postgres_url(), clock, false));
  EXPECT_TRUE(open_store(postgres_url(), clock, false));
}

TEST_F(PostgresStoreTest, SeveralProgramsMayBeginAtOnce) {
  std::vector<std::thread> programs;
  std::atomic<int> opened{0};
  for (int i = 0; i < 6; ++i) {
    programs.emplace_back([&] {
      if (open()) ++opened;
    });
  }
  for (std::thread& program : programs) program.join();
  EXPECT_EQ(opened, 6);
}

TEST_F(PostgresStoreTest, NoErrorShowsThePassword) {
  const std::string password = "secret";
  const std::string stranger = "postgresql://stranger:" + password;
  const std::string host = postgres_url().substr(postgres_url().rfind('@'));
  const base::Error wrong = error_of(stranger + host);
  EXPECT_EQ(wrong.code, base::Code::permission_denied) << wrong.message;
  EXPECT_THAT(wrong.message, HasSubstr("stranger:***@"));
  for (const std::string& url : {stranger + host, stranger + "@127.0.0.1:1/none", stranger + "%zz@127.0.0.1/none",
                                 "postgresql://127.0.0.1:1/none?user=x&password=" + password,
                                 "postgresql://127.0.0.1:1/none?nonsense=" + password}) {
    EXPECT_THAT(error_of(url).message, Not(HasSubstr(password))) << url;
  }
}

TEST_F(PostgresStoreTest, SaysWhenTheTablesMayNotBeMade) {
  const char* url = std::getenv("CHATCORE_TEST_POSTGRES_STRANGER_URL");
  ASSERT_NE(url, nullptr);
  EXPECT_EQ(error_of(url).code, base::Code::permission_denied);
}

TEST_F(PostgresStoreTest, AServerThatIsNotThereIsUnavailable) {
  EXPECT_EQ(error_of("postgresql://user@127.0.0.1:1/none").code, base::Code::unavailable);
}

TEST_F(PostgresStoreTest, ReplacesWhatATextOfItsKindCannotHold) {
  const auto store = open();
  ASSERT_TRUE(append(*store, kKey, {.content = std::string("a\0b\xff z", 6)}, 0));
  EXPECT_EQ(contents(*load_window(*store, kKey, 0)),
            "a\xef\xbf\xbd"
            "b\xef\xbf\xbd z");
}

TEST_F(PostgresStoreTest, CommitsAllThatHasQueuedUpAtOnceInOneTransaction) {
  const auto store = open();
  std::promise<void> release;
  hold_writer(*store, release.get_future().share());
  for (int i = 0; i < 100; ++i) {
    store->append({.key = {"", std::to_string(i)}, .message = {.content = "?"}},
                  [](const auto& sequence) { EXPECT_EQ(sequence, 1); });
  }
  release.set_value();
  store->close();
  EXPECT_EQ(store->statistics().commits_total, 2U);
  EXPECT_EQ(store->statistics().appends_total, 101U);
}

TEST_F(PostgresStoreTest, AWriteThatTheServerRefusesDoesNotTouchItsGroup) {
  const auto store = open();
  std::promise<void> release;
  hold_writer(*store, release.get_future().share());
  std::vector<base::Result<std::int64_t>> outcomes;
  const auto note = [&](base::Result<std::int64_t> outcome) { outcomes.push_back(std::move(outcome)); };
  store->append({.key = {"", "a"}, .message = {.content = "?"}}, note);
  store->append({.key = {"", std::string("no\0name", 7)}, .message = {.content = "?"}}, note);
  store->append({.key = {"", "a"}, .message = {.content = "?"}, .after = 7}, note);
  store->append({.key = {"", "a"}, .message = {.content = "?"}, .after = 1}, note);
  release.set_value();
  store->close();
  ASSERT_EQ(outcomes.size(), 4U);
  EXPECT_EQ(outcomes[0], 1);
  EXPECT_EQ(outcomes[1].error().code, base::Code::invalid_argument);
  EXPECT_EQ(outcomes[2].error().code, base::Code::conflict);
  EXPECT_EQ(outcomes[3], 2);
}

TEST_F(PostgresStoreTest, OfManyWritersOfOneConversationOneWinsEachPlace) {
  constexpr int kStores = 4;
  constexpr std::int64_t kMessages = 30;
  std::atomic<int> conflicts{0};
  std::vector<std::thread> writers;
  for (int i = 0; i < kStores; ++i) {
    writers.emplace_back([&] {
      const auto store = open();
      for (std::int64_t last = 0; last < kMessages;) {
        const auto appended = append(*store, kKey, {.content = "?"}, last);
        if (!appended) {
          EXPECT_EQ(appended.error().code, base::Code::conflict) << appended.error().message;
          ++conflicts;
        }
        last = load_window(*store, kKey, 1)->last_sequence;
      }
    });
  }
  for (std::thread& writer : writers) writer.join();
  const auto window = load_window(*open(), kKey, 0);
  EXPECT_EQ(window->messages.size(), static_cast<std::size_t>(window->last_sequence));
  EXPECT_GT(conflicts, 0);
}

// Groups of several stores that touch the same conversations in different orders.
TEST_F(PostgresStoreTest, GroupsOfSeveralStoresDoNotWaitForEachOther) {
  constexpr int kConversations = 20;
  std::vector<std::thread> programs;
  for (int program = 0; program < 3; ++program) {
    programs.emplace_back([&, program] {
      const auto store = open();
      for (int round = 0; round < 20; ++round) {
        std::promise<void> all;
        std::atomic<int> left{kConversations};
        for (int i = 0; i < kConversations; ++i) {
          const int conversation = program % 2 == 0 ? i : kConversations - 1 - i;
          store->set_metadata({"", std::to_string(conversation)}, "{}", [&](const base::Result<bool>& done) {
            EXPECT_TRUE(done) << done.error().message;
            if (--left == 0) all.set_value();
          });
        }
        all.get_future().wait();
      }
    });
  }
  for (std::thread& one : programs) one.join();
}

// The server ends a connection some time after it was told to.
void wait_until_alone() {
  auto connection = PostgresConnection::open(postgres_url(), {});
  ASSERT_TRUE(connection) << connection.error().message;
  while (connection->query_number("SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend' "
                                  "AND application_name = 'chatcore'") != 1) {
    std::this_thread::yield();
  }
}

TEST_F(PostgresStoreTest, GoesOnAfterItsConnectionsWereCut) {
  const auto store = open();
  append_all(*store, kKey, "ua");
  change(
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() "
      "AND backend_type = 'client backend'");
  wait_until_alone();
  EXPECT_EQ(append(*store, kKey, {.content = "?"}, 2), 3);
  for (int i = 0; i < 6; ++i) EXPECT_EQ(load_window(*store, kKey, 0)->last_sequence, 3);
  EXPECT_EQ(store->statistics().errors_total, 0U);
  EXPECT_GE(store->statistics().connects_total, 6U);
  EXPECT_EQ(store->statistics().connections_open, 4U);
}

TEST_F(PostgresStoreTest, AConversationThatAnotherHoldsIsUnavailableInBoundedTime) {
  PostgresOptions options;
  options.target.times.lock_milliseconds = 100;
  const auto store = open(options);
  append_all(*store, kKey, "u");
  auto other = PostgresConnection::open(postgres_url(), {});
  ASSERT_TRUE(other);
  ASSERT_TRUE(other->execute("BEGIN; SELECT * FROM conversations FOR UPDATE"));
  EXPECT_EQ(append(*store, kKey, {.content = "?"}, 1).error().code, base::Code::unavailable);
  ASSERT_TRUE(other->execute("ROLLBACK"));
  EXPECT_EQ(append(*store, kKey, {.content = "?"}, 1), 2);
}

TEST_F(PostgresStoreTest, SyncsItsCommitsWhateverTheDefaultOfTheDatabase) {
  change("ALTER ROLE chatcore SET synchronous_commit = off");
  auto connection = PostgresConnection::open(postgres_url(), {});
  ASSERT_TRUE(connection);
  EXPECT_EQ(connection->query_number("SELECT (current_setting('synchronous_commit') = 'on')::int::bigint"), 1);
  change("ALTER ROLE chatcore RESET synchronous_commit");
}

}  // namespace
}  // namespace chatcore::storage

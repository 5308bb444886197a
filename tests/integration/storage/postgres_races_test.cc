// Transactions that the server ends for the sake of others: a deadlock, a serialization failure.

#include <functional>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "tests/integration/storage/postgres_fixture.h"

namespace chatcore::storage {
namespace {

struct PostgresRaceTest : PostgresStoreTest {};

// Appends to "a" and "b" in one transaction.
std::vector<base::Result<std::int64_t>> append_to_both(Store& store, const std::function<void()>& meanwhile) {
  std::promise<void> release;
  hold_writer(store, release.get_future().share());
  std::vector<base::Result<std::int64_t>> outcomes;
  for (const char* id : {"a", "b"}) {
    store.append({.key = {"", id}, .message = {.content = "?"}, .after = 1},
                 [&](auto outcome) { outcomes.push_back(std::move(outcome)); });
  }
  release.set_value();
  meanwhile();
  store.close();
  return outcomes;
}

// Two transactions that wait for each other, of which the server ends the one that looks for a deadlock first: ours,
// for the other does not look.
TEST_F(PostgresRaceTest, ADeadlockIsSurvivedAndNothingLostOrDoubled) {
  const auto store = open();
  for (const char* id : {"a", "b"}) append_all(*store, {"", id}, "u");
  auto other = PostgresConnection::open(
      postgres_url(), {.lock_milliseconds = 60'000, .statement_milliseconds = 60'000, .silence_milliseconds = 60'000});
  auto watcher = PostgresConnection::open(postgres_url(), {});
  ASSERT_TRUE(other && watcher);
  ASSERT_TRUE(other->execute("SET deadlock_timeout = '60s'"));
  ASSERT_TRUE(other->execute("BEGIN; SELECT FROM conversations WHERE external_id = 'b' FOR UPDATE"));
  const auto outcomes = append_to_both(*store, [&] {
    while (watcher->query_number("SELECT count(*) FROM pg_locks WHERE NOT granted") == 0) std::this_thread::yield();
    // Ours has "a" and waits for "b".
    EXPECT_TRUE(other->execute("SELECT FROM conversations WHERE external_id = 'a' FOR UPDATE"));
    EXPECT_TRUE(other->execute("COMMIT"));
  });
  ASSERT_EQ(outcomes.size(), 2U);
  for (const auto& outcome : outcomes) EXPECT_EQ(outcome, 2);
  EXPECT_GE(store->statistics().retries_total, 1U);
  EXPECT_EQ(store->statistics().errors_total, 0U);
  EXPECT_EQ(store->statistics().connects_total, 4U);  // none was given up for it
  const auto again = open();
  for (const char* id : {"a", "b"}) EXPECT_EQ(load_window(*again, {"", id}, 0)->messages.size(), 2U);
}

// A sequence is not rolled back, so that it counts the attempts.
struct SerializationTest : PostgresStoreTest {
  void fail_the_first(int attempts) {
    change(
        "CREATE SEQUENCE chatcore.attempts; CREATE FUNCTION chatcore.fail() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN IF nextval('chatcore.attempts') <= " +
        std::to_string(attempts) +
        " THEN RAISE EXCEPTION 'not serializable' USING ERRCODE = '40001'; END IF; RETURN NEW; END $$; "
        "CREATE TRIGGER fail BEFORE INSERT ON chatcore.messages FOR EACH ROW WHEN (NEW.content = 'unlucky') "
        "EXECUTE FUNCTION chatcore.fail()");
  }
};

TEST_F(SerializationTest, AFailureOfItIsTriedAgain) {
  const auto store = open();
  fail_the_first(3);
  EXPECT_EQ(append(*store, kKey, {.content = "unlucky"}, 0), 1);
  EXPECT_EQ(store->statistics().retries_total, 3U);
  EXPECT_EQ(store->statistics().commits_total, 1U);
  EXPECT_EQ(load_window(*store, kKey, 0)->messages.size(), 1U);
}

TEST_F(SerializationTest, OneThatNeverEndsIsTriedABoundedNumberOfTimes) {
  const auto store = open();
  fail_the_first(1'000'000);
  EXPECT_EQ(append(*store, kKey, {.content = "unlucky"}, 0).error().code, base::Code::unavailable);
  EXPECT_EQ(store->statistics().retries_total, 3U);
  EXPECT_EQ(append(*store, kKey, {.content = "lucky"}, 0), 1);
}

}  // namespace
}  // namespace chatcore::storage

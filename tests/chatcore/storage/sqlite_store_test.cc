// What every store promises, asked of SQLite.

#include <memory>
#include <string>

#include <gtest/gtest.h>

#include "base/clock.h"
#include "chatcore/storage/store.h"
#include "tests/chatcore/storage/asking.h"

namespace chatcore::storage {
namespace {

using namespace std::chrono_literals;

const ConversationKey kKey{"user", "conversation"};

struct SqliteStoreTest : testing::Test {
  void SetUp() override {
    auto opened = open_store(":memory:", clock);
    ASSERT_TRUE(opened) << opened.error().message;
    store = *std::move(opened);
  }
  base::ManualClock clock;
  std::unique_ptr<Store> store;
};

TEST_F(SqliteStoreTest, NumbersMessagesFromOneWithoutHoles) {
  EXPECT_EQ(append(*store, kKey, {.role = Role::user, .content = "?"}, 0), 1);
  EXPECT_EQ(append(*store, kKey, {.role = Role::assistant, .content = "!"}, 1), 2);
}

TEST_F(SqliteStoreTest, ReadsBackWhatWasWritten) {
  const std::string content("\xd8\xb3\xd9\x84\xd8\xa7\xd9\x85 'quoted' \0 and after", 30);
  ASSERT_TRUE(append(*store, kKey, {.role = Role::assistant, .content = content, .interrupted = true}, 0));
  const auto window = load_window(*store, kKey, 10);
  ASSERT_TRUE(window);
  ASSERT_EQ(window->messages.size(), 1U);
  EXPECT_EQ(window->messages[0].content, content);
  EXPECT_EQ(window->messages[0].role, Role::assistant);
  EXPECT_TRUE(window->messages[0].interrupted);
  EXPECT_EQ(window->messages[0].sequence, 1);
}

TEST_F(SqliteStoreTest, KeepsAnEmptyMessage) {
  ASSERT_TRUE(append(*store, kKey, {.role = Role::assistant, .content = ""}, 0));
  EXPECT_EQ(load_window(*store, kKey, 10)->messages.at(0).content, "");
}

TEST_F(SqliteStoreTest, RefusesTheSecondOfTwoWriters) {
  append_all(*store, kKey, "uau");
  for (const std::int64_t after : {0, 2, 4}) {
    const auto late = append(*store, kKey, {.content = "late"}, after);
    ASSERT_FALSE(late) << after;
    EXPECT_EQ(late.error().code, base::Code::conflict) << after;
  }
  EXPECT_EQ(load_window(*store, kKey, 0)->last_sequence, 3);
}

TEST_F(SqliteStoreTest, RefusesToBeginAConversationInItsMiddle) {
  EXPECT_EQ(append(*store, kKey, {.content = "?"}, 5).error().code, base::Code::conflict);
  EXPECT_EQ(load_window(*store, kKey, 0)->last_sequence, 0);
}

TEST_F(SqliteStoreTest, ReadsTheLastMessagesOldestFirst) {
  append_all(*store, kKey, "uauaua");
  const auto window = load_window(*store, kKey, 4);
  ASSERT_TRUE(window);
  EXPECT_EQ(contents(*window), "u3 a4 u5 a6");
  EXPECT_EQ(window->last_sequence, 6);
}

TEST_F(SqliteStoreTest, PutsTheSystemMessageInFrontOfAWindowThatDoesNotReachIt) {
  append_all(*store, kKey, "suauau");
  EXPECT_EQ(contents(*load_window(*store, kKey, 2)), "s1 a5 u6");
}

TEST_F(SqliteStoreTest, DoesNotRepeatASystemMessageWithinTheWindow) {
  append_all(*store, kKey, "sua");
  EXPECT_EQ(contents(*load_window(*store, kKey, 3)), "s1 u2 a3");
  EXPECT_EQ(contents(*load_window(*store, kKey, 2)), "s1 u2 a3");
}

TEST_F(SqliteStoreTest, WithoutABoundReadsAll) {
  append_all(*store, kKey, "suauauauaua");
  EXPECT_EQ(load_window(*store, kKey, 0)->messages.size(), 11U);
}

TEST_F(SqliteStoreTest, FindsNothingOfAnUnknownConversation) {
  const auto window = load_window(*store, {"user", "unknown"}, 10);
  ASSERT_TRUE(window);
  EXPECT_EQ(window->last_sequence, 0);
  EXPECT_TRUE(window->messages.empty());
}

TEST_F(SqliteStoreTest, KeepsUsersApart) {
  append_all(*store, kKey, "ua");
  EXPECT_EQ(load_window(*store, {"other", kKey.id}, 10)->last_sequence, 0);
  EXPECT_TRUE(list(*store, "other", 10)->empty());
  EXPECT_EQ(remove(*store, {"other", kKey.id}), false);
  EXPECT_EQ(load_window(*store, kKey, 10)->last_sequence, 2);
}

TEST_F(SqliteStoreTest, ListsTheMostRecentlyUsedFirst) {
  for (const char* id : {"a", "b", "c"}) {
    append_all(*store, {"user", id}, "ua");
    clock.advance(1s);
  }
  ASSERT_TRUE(append(*store, {"user", "a"}, {.content = "again"}, 2));
  const auto all = list(*store, "user", 10);
  ASSERT_TRUE(all);
  ASSERT_EQ(all->size(), 3U);
  EXPECT_EQ((*all)[0].id, "a");
  EXPECT_EQ((*all)[0].messages, 3);
  EXPECT_EQ((*all)[0].last_used, clock.wall_now());
  EXPECT_EQ((*all)[1].id, "c");
  EXPECT_EQ((*all)[2].id, "b");
  EXPECT_EQ(list(*store, "user", 2)->size(), 2U);
}

TEST_F(SqliteStoreTest, TitlesAConversationByItsFirstQuestion) {
  append_all(*store, kKey, "s");
  EXPECT_EQ(list(*store, "user", 1)->at(0).title, "");
  ASSERT_TRUE(append(*store, kKey, {.role = Role::user, .content = "What\nnow?"}, 1));
  ASSERT_TRUE(append(*store, kKey, {.role = Role::user, .content = "And then?"}, 2));
  EXPECT_EQ(list(*store, "user", 1)->at(0).title, "What now?");
}

TEST_F(SqliteStoreTest, RemovesAConversationWithItsMessages) {
  append_all(*store, kKey, "sua");
  EXPECT_EQ(remove(*store, kKey), true);
  EXPECT_EQ(load_window(*store, kKey, 0)->last_sequence, 0);
  EXPECT_TRUE(list(*store, "user", 10)->empty());
  EXPECT_EQ(remove(*store, kKey), false);
}

TEST_F(SqliteStoreTest, BeginsAgainAtOneAfterARemoval) {
  append_all(*store, kKey, "suaua");
  ASSERT_EQ(remove(*store, kKey), true);
  append_all(*store, kKey, "u");
  EXPECT_EQ(contents(*load_window(*store, kKey, 0)), "u1");
}

TEST_F(SqliteStoreTest, OpensEachConnectionOnce) {
  const std::uint64_t opened = store->statistics().connects_total;
  EXPECT_GE(opened, 3U);
  for (int i = 0; i < 50; ++i) {
    append_all(*store, {"user", std::to_string(i)}, "ua");
    ASSERT_TRUE(load_window(*store, {"user", std::to_string(i)}, 10));
  }
  EXPECT_EQ(store->statistics().connects_total, opened);
  EXPECT_EQ(store->statistics().connections_open, opened);
  EXPECT_EQ(store->statistics().appends_total, 100U);
  EXPECT_EQ(store->statistics().errors_total, 0U);
}

TEST_F(SqliteStoreTest, AnswersEverythingThatWasAskedBeforeItCloses) {
  int answered = 0;
  for (int i = 0; i < 100; ++i) {
    store->append({"user", std::to_string(i)}, {.content = "?"}, 0, [&](base::Result<std::int64_t> sequence) {
      EXPECT_EQ(sequence, 1);
      ++answered;  // all on the one writing thread, which close() waits for
    });
  }
  store->close();
  EXPECT_EQ(answered, 100);
  EXPECT_EQ(store->statistics().connections_open, 0U);
}

TEST_F(SqliteStoreTest, RefusesEveryCallOnceClosed) {
  store->close();
  store->close();
  EXPECT_EQ(append(*store, kKey, {.content = "?"}, 0).error().code, base::Code::unavailable);
  EXPECT_EQ(load_window(*store, kKey, 1).error().code, base::Code::unavailable);
  EXPECT_EQ(list(*store, "user", 1).error().code, base::Code::unavailable);
  EXPECT_EQ(remove(*store, kKey).error().code, base::Code::unavailable);
}

TEST(SqliteStoreFile, KeepsConversationsFromOneOpeningToTheNext) {
  const TemporaryFolder folder;
  const base::ManualClock clock{};
  for (std::int64_t after = 0; after < 3; ++after) {
    auto store = open_store(folder.url("data/chatcore.db"), clock);
    ASSERT_TRUE(store) << store.error().message;
    EXPECT_EQ(load_window(**store, kKey, 0)->last_sequence, after);
    EXPECT_EQ(append(**store, kKey, {.content = "?"}, after), after + 1);
  }
}

TEST(SqliteStoreFile, LetsOneOfTwoStoresAppendFirst) {
  const TemporaryFolder folder;
  const base::ManualClock clock{};
  auto one = open_store(folder.url("chatcore.db"), clock);
  auto other = open_store(folder.url("chatcore.db"), clock);
  ASSERT_TRUE(one && other);
  EXPECT_EQ(append(**one, kKey, {.content = "?"}, 0), 1);
  EXPECT_EQ(append(**other, kKey, {.content = "me too"}, 0).error().code, base::Code::conflict);
  EXPECT_EQ(append(**other, kKey, {.content = "after you"}, 1), 2);
  EXPECT_EQ(contents(*load_window(**one, kKey, 0)), "? after you");
}

}  // namespace
}  // namespace chatcore::storage

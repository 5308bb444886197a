// What every store promises about messages and conversations.

#include <memory>
#include <string>

#include <gtest/gtest.h>

#include "base/clock.h"
#include "chatcore/storage/store.h"
#include "tests/chatcore/storage/contract.h"

namespace chatcore::storage {
namespace {

using namespace std::chrono_literals;

TEST_P(StoreContract, NumbersMessagesFromOneWithoutHoles) {
  EXPECT_EQ(append(*store, kKey, {.role = Role::user, .content = "?"}, 0), 1);
  EXPECT_EQ(append(*store, kKey, {.role = Role::assistant, .content = "!"}, 1), 2);
}

TEST_P(StoreContract, ReadsBackWhatWasWritten) {
  const std::string content = "\xd8\xb3\xd9\x84\xd8\xa7\xd9\x85 'quoted' \"too\" \\ and \x01 after";
  ASSERT_TRUE(append(*store, kKey, {.role = Role::assistant, .content = content, .interrupted = true}, 0));
  const auto window = load_window(*store, kKey, 10);
  ASSERT_TRUE(window);
  ASSERT_EQ(window->messages.size(), 1U);
  EXPECT_EQ(window->messages[0].content, content);
  EXPECT_EQ(window->messages[0].role, Role::assistant);
  EXPECT_TRUE(window->messages[0].interrupted);
  EXPECT_EQ(window->messages[0].sequence, 1);
}

TEST_P(StoreContract, KeepsAnEmptyMessage) {
  ASSERT_TRUE(append(*store, kKey, {.role = Role::assistant, .content = ""}, 0));
  EXPECT_EQ(load_window(*store, kKey, 10)->messages.at(0).content, "");
}

TEST_P(StoreContract, RefusesTheSecondOfTwoWriters) {
  append_all(*store, kKey, "uau");
  for (const std::int64_t after : {0, 2, 4}) {
    const auto late = append(*store, kKey, {.content = "late"}, after);
    ASSERT_FALSE(late) << after;
    EXPECT_EQ(late.error().code, base::Code::conflict) << after;
  }
  EXPECT_EQ(load_window(*store, kKey, 0)->last_sequence, 3);
}

TEST_P(StoreContract, RefusesToBeginAConversationInItsMiddle) {
  EXPECT_EQ(append(*store, kKey, {.content = "?"}, 5).error().code, base::Code::conflict);
  EXPECT_EQ(load_window(*store, kKey, 0)->last_sequence, 0);
}

TEST_P(StoreContract, ReadsTheLastMessagesOldestFirst) {
  append_all(*store, kKey, "uauaua");
  const auto window = load_window(*store, kKey, 4);
  ASSERT_TRUE(window);
  EXPECT_EQ(contents(*window), "u3 a4 u5 a6");
  EXPECT_EQ(window->last_sequence, 6);
}

TEST_P(StoreContract, PutsTheSystemMessageInFrontOfAWindowThatDoesNotReachIt) {
  append_all(*store, kKey, "suauau");
  EXPECT_EQ(contents(*load_window(*store, kKey, 2)), "s1 a5 u6");
}

TEST_P(StoreContract, DoesNotRepeatASystemMessageWithinTheWindow) {
  append_all(*store, kKey, "sua");
  EXPECT_EQ(contents(*load_window(*store, kKey, 3)), "s1 u2 a3");
  EXPECT_EQ(contents(*load_window(*store, kKey, 2)), "s1 u2 a3");
}

TEST_P(StoreContract, WithoutABoundReadsAll) {
  append_all(*store, kKey, "suauauauaua");
  EXPECT_EQ(load_window(*store, kKey, 0)->messages.size(), 11U);
}

TEST_P(StoreContract, FindsNothingOfAnUnknownConversation) {
  const auto window = load_window(*store, {"user", "unknown"}, 10);
  ASSERT_TRUE(window);
  EXPECT_EQ(window->last_sequence, 0);
  EXPECT_TRUE(window->messages.empty());
}

TEST_P(StoreContract, KeepsUsersApart) {
  append_all(*store, kKey, "ua");
  EXPECT_EQ(load_window(*store, {"other", kKey.id}, 10)->last_sequence, 0);
  EXPECT_TRUE(list(*store, "other", 10)->empty());
  EXPECT_EQ(remove(*store, {"other", kKey.id}), false);
  EXPECT_EQ(load_window(*store, kKey, 10)->last_sequence, 2);
}

TEST_P(StoreContract, ListsTheMostRecentlyUsedFirst) {
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

TEST_P(StoreContract, TitlesAConversationByItsFirstQuestion) {
  append_all(*store, kKey, "s");
  EXPECT_EQ(list(*store, "user", 1)->at(0).title, "");
  ASSERT_TRUE(append(*store, kKey, {.role = Role::user, .content = "What\nnow?"}, 1));
  ASSERT_TRUE(append(*store, kKey, {.role = Role::user, .content = "And then?"}, 2));
  EXPECT_EQ(list(*store, "user", 1)->at(0).title, "What now?");
}

TEST_P(StoreContract, RemovesAConversationWithItsMessages) {
  append_all(*store, kKey, "sua");
  EXPECT_EQ(remove(*store, kKey), true);
  EXPECT_EQ(load_window(*store, kKey, 0)->last_sequence, 0);
  EXPECT_TRUE(list(*store, "user", 10)->empty());
  EXPECT_EQ(remove(*store, kKey), false);
}

TEST_P(StoreContract, BeginsAgainAtOneAfterARemoval) {
  append_all(*store, kKey, "suaua");
  ASSERT_EQ(remove(*store, kKey), true);
  append_all(*store, kKey, "u");
  EXPECT_EQ(contents(*load_window(*store, kKey, 0)), "u1");
}

TEST_P(StoreContract, OpensEachConnectionOnce) {
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

TEST_P(StoreContract, AnswersEverythingThatWasAskedBeforeItCloses) {
  int answered = 0;
  for (int i = 0; i < 100; ++i) {
    store->append({.key = {"user", std::to_string(i)}, .message = {.content = "?"}},
                  [&](base::Result<std::int64_t> sequence) {
                    EXPECT_EQ(sequence, 1);
                    ++answered;  // all on the one writing thread, which close() waits for
                  });
  }
  store->close();
  EXPECT_EQ(answered, 100);
  EXPECT_EQ(store->statistics().connections_open, 0U);
}

TEST_P(StoreContract, RefusesEveryCallOnceClosed) {
  store->close();
  store->close();
  EXPECT_EQ(append(*store, kKey, {.content = "?"}, 0).error().code, base::Code::unavailable);
  EXPECT_EQ(load_window(*store, kKey, 1).error().code, base::Code::unavailable);
  EXPECT_EQ(list(*store, "user", 1).error().code, base::Code::unavailable);
  EXPECT_EQ(remove(*store, kKey).error().code, base::Code::unavailable);
}

TEST_P(StoreContract, KeepsConversationsFromOneOpeningToTheNext) {
  for (std::int64_t after = 0; after < 3; ++after) {
    store.reset();
    store = open();
    EXPECT_EQ(load_window(*store, kKey, 0)->last_sequence, after);
    EXPECT_EQ(append(*store, kKey, {.content = "?"}, after), after + 1);
  }
}

TEST_P(StoreContract, LetsOneOfTwoStoresAppendFirst) {
  const auto other = open();
  EXPECT_EQ(append(*store, kKey, {.content = "?"}, 0), 1);
  EXPECT_EQ(append(*other, kKey, {.content = "me too"}, 0).error().code, base::Code::conflict);
  EXPECT_EQ(append(*other, kKey, {.content = "after you"}, 1), 2);
  EXPECT_EQ(contents(*load_window(*store, kKey, 0)), "? after you");
}

INSTANTIATE_TEST_SUITE_P(On, StoreContract, testing::Values(CONTRACT_DATABASE), name_of_database);

}  // namespace
}  // namespace chatcore::storage

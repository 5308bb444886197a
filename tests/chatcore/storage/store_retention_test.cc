// The contract of every store: listing old conversations, bytes in use, and the write check.

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/chatcore/storage/contract.h"

namespace chatcore::storage {
namespace {

using namespace std::chrono_literals;

struct StoreRetention : StoreContract {
  base::Result<std::vector<OldConversation>> list_old(const OldRequest& request) {
    return wait_for<std::vector<OldConversation>>([&](auto done) { store->list_old(request, done); });
  }
  std::string ids(const OldRequest& request) {
    const auto found = list_old(request);
    if (!found) return "error: " + found.error().message;
    std::string ids;
    for (const auto& one : *found) ids += (ids.empty() ? "" : " ") + one.key.user + "/" + one.key.id;
    return ids;
  }
  base::Result<bool> remove_unused(const ConversationKey& key, base::WallTime last_used) {
    return wait_for<bool>([&](auto done) { store->remove_unused(key, last_used, done); });
  }
  base::Status check_write() {
    return wait_for_status([&](auto done) { store->check_write(done); });
  }

  template <class Ask>
  static base::Status wait_for_status(Ask ask) {
    const auto answered = std::make_shared<std::promise<base::Status>>();
    ask([answered](base::Status status) { answered->set_value(std::move(status)); });
    return answered->get_future().get();
  }
};

TEST_P(StoreRetention, ListsOldConversationsOfAllUsersLeastRecentlyUsedFirst) {
  ASSERT_TRUE(create(*store, {.key = {"bob", "first"}, .messages = {{.content = "?"}}}));
  clock.advance(1h);
  ASSERT_TRUE(create(*store, {.key = {"alice", "chain"}, .messages = {{.content = "?"}}, .listed = false}));
  clock.advance(1h);
  ASSERT_TRUE(create(*store, {.key = {"alice", "second"}, .messages = {{.content = "?"}}}));
  clock.advance(1h);
  const auto now = clock.wall_now();
  EXPECT_EQ(ids({}), "");
  EXPECT_EQ(ids({.listed_before = now}), "bob/first alice/second");
  EXPECT_EQ(ids({.unlisted_before = now}), "alice/chain");
  EXPECT_EQ(ids({.listed_before = now, .unlisted_before = now}), "bob/first alice/chain alice/second");
  EXPECT_EQ(ids({.listed_before = now, .unlisted_before = now, .limit = 1}), "bob/first");
  EXPECT_EQ(ids({.listed_before = now - 1h}), "bob/first") << "one that was used just then is not older";
  EXPECT_EQ(list_old({.listed_before = now})->at(0).last_used, now - 3h);
  EXPECT_FALSE(list_old({.unlisted_before = now})->at(0).listed);
}

TEST_P(StoreRetention, RemovesOnlyConversationsNotUsedMeanwhile) {
  append_all(*store, kKey, "ua");
  const auto before = clock.wall_now();
  clock.advance(1s);
  ASSERT_TRUE(append(*store, kKey, {.content = "?"}, 2));
  EXPECT_EQ(remove_unused(kKey, before), false);
  EXPECT_EQ(load_window(*store, kKey, 0)->last_sequence, 3);
  EXPECT_EQ(remove_unused(kKey, clock.wall_now()), true);
  EXPECT_FALSE(load_window(*store, kKey, 0)->exists);
  EXPECT_EQ(remove_unused(kKey, clock.wall_now()), false);
}

TEST_P(StoreRetention, ReportsTheBytesInUseIfSupported) {
  const auto used = [&] { return wait_for<base::Bytes>([&](auto done) { store->used_bytes(done); }); };
  const auto empty = used();
  if (!empty) {
    EXPECT_EQ(empty.error().code, base::Code::not_found) << empty.error().message;
    return;
  }
  ASSERT_TRUE(append(*store, kKey, {.content = std::string(1 << 20, 'x')}, 0));
  const auto full = used();
  EXPECT_GT(full->count, empty->count + (1 << 20));
  ASSERT_TRUE(remove(*store, kKey));
  EXPECT_LT(used()->count, full->count - (1 << 20)) << "what was deleted is not in use";
}

TEST_P(StoreRetention, ChecksThatItCanWriteAndChangesNothing) {
  append_all(*store, kKey, "ua");
  const auto commits = store->statistics().commits_total;
  EXPECT_TRUE(check_write());
  EXPECT_EQ(store->statistics().commits_total, commits) << "a commit this recent says enough";
  clock.advance(6s);
  EXPECT_TRUE(check_write());
  EXPECT_EQ(store->statistics().commits_total, commits + 1);
  EXPECT_EQ(contents(*load_window(*store, kKey, 0)), "u1 a2");
}

INSTANTIATE_TEST_SUITE_P(On, StoreRetention, testing::Values(CONTRACT_DATABASE), name_of_database);

}  // namespace
}  // namespace chatcore::storage

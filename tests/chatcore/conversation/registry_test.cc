#include "chatcore/conversation/registry.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "chatcore/conversation/accounting.h"
#include "tests/chatcore/conversation/turns.h"

namespace chatcore::conversation {
namespace {

using namespace std::chrono_literals;

struct RegistryTest : testing::Test {
  base::ManualClock clock;
};

TEST_F(RegistryTest, HandsOutANewConversationAsNotLoaded) {
  Registry registry({}, clock);
  const Lease lease = acquire(registry, "a");
  EXPECT_FALSE(lease.is_loaded());
  EXPECT_TRUE(lease.window().empty());
  EXPECT_EQ(lease.last_sequence(), 0);
  EXPECT_EQ(lease.key(), (ConversationKey{"", "a"}));
}

TEST_F(RegistryTest, KeepsTheWindowBetweenTurns) {
  Registry registry({}, clock);
  ASSERT_TRUE(converse(registry, "a"));
  const Lease lease = acquire(registry, "a");
  ASSERT_TRUE(lease.is_loaded());
  ASSERT_EQ(lease.window().size(), 2U);
  EXPECT_EQ(lease.window()[0].sequence, 1);
  EXPECT_EQ(lease.window()[1].role, Role::assistant);
  EXPECT_EQ(lease.last_sequence(), 2);
}

TEST_F(RegistryTest, KeepsUsersApart) {
  Registry registry({}, clock);
  ASSERT_TRUE(converse(registry, "a"));
  EXPECT_FALSE(acquire(registry, "a", "somebody else").is_loaded());
}

TEST_F(RegistryTest, RefusesAMessageBeforeTheWindowIsFilled) {
  Registry registry({}, clock);
  Lease lease = acquire(registry, "a");
  const auto appended = lease.append(question("?"));
  ASSERT_FALSE(appended);
  EXPECT_EQ(appended.error().code, base::Code::invalid_argument);
}

TEST_F(RegistryTest, RefusesAMessageThatDoesNotFollowTheLast) {
  Registry registry({}, clock);
  Lease lease = acquire(registry, "a");
  ASSERT_TRUE(lease.fill({{.role = Role::user, .content = "?", .sequence = 7}}, 7));
  EXPECT_EQ(lease.append({.role = Role::assistant, .content = "!", .sequence = 7}).error().code,
            base::Code::invalid_argument);
  EXPECT_TRUE(lease.append({.role = Role::assistant, .content = "!", .sequence = 8}));
  EXPECT_EQ(lease.last_sequence(), 8);
}

TEST_F(RegistryTest, CutsWhatStorageHandsOverToTheWindow) {
  Registry registry({.max_messages = 2}, clock);
  Lease lease = acquire(registry, "a");
  std::vector<Message> stored{answer("!"), question("?"), answer("!")};
  ASSERT_TRUE(lease.fill(stored, 20));
  EXPECT_EQ(lease.window().size(), 2U);
  EXPECT_EQ(lease.window().front().role, Role::user);
  EXPECT_EQ(lease.last_sequence(), 20);
}

TEST_F(RegistryTest, NeverLetsAConversationGrowPastItsWindow) {
  Registry registry({.max_messages = 50}, clock);
  {
    Lease lease = acquire(registry, "a");
    ASSERT_TRUE(lease.fill({{.role = Role::system, .content = "be brief", .sequence = 1}}, 1));
  }
  for (int turn = 0; turn < 100; ++turn) {
    ASSERT_TRUE(converse(registry, "a"));
    const Lease lease = acquire(registry, "a");
    ASSERT_LE(lease.window().size(), 51U);
    ASSERT_EQ(lease.window()[0].role, Role::system);
    ASSERT_EQ(lease.window()[1].role, Role::user);
  }
  EXPECT_EQ(registry.usage().messages_trimmed, 150U);
}

TEST_F(RegistryTest, WithoutABoundOnMessagesKeepsAll) {
  Registry registry({.max_messages = 0}, clock);
  for (int turn = 0; turn < 100; ++turn) ASSERT_TRUE(converse(registry, "a"));
  EXPECT_EQ(acquire(registry, "a").window().size(), 200U);
}

TEST_F(RegistryTest, CountsWhatTheConversationCosts) {
  Registry registry({.max_messages = 4}, clock);
  Lease lease = acquire(registry, "an id that is too long for the string itself");
  ASSERT_TRUE(lease.fill({}, 0));
  // Long and short texts in turns: a short one must not inherit a long one's buffer uncounted.
  for (const std::size_t length : {1000U, 3U, 50U, 2U, 4000U, 1U, 0U, 17U, 900U, 5U}) {
    ASSERT_TRUE(lease.append(length % 2 == 0 ? question(std::string(length, 'q')) : answer(std::string(length, 'a'))));
    ASSERT_EQ(registry.usage().bytes, cost_of(lease.key(), lease.window())) << length;
  }
}

TEST_F(RegistryTest, CountsNothingOnceEverythingHasLeft) {
  Registry registry({}, clock);
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(converse(registry, std::to_string(i)));
  EXPECT_GT(registry.usage().bytes.count, 0);
  EXPECT_EQ(registry.shed({0}).bytes, base::Bytes{0});
  EXPECT_EQ(registry.usage().conversations, 0U);
}

TEST_F(RegistryTest, DoesNotKeepAConversationThatEndsWithoutAMessage) {
  Registry registry({}, clock);
  { const Lease not_loaded = acquire(registry, "a"); }
  {
    Lease not_there = acquire(registry, "b");
    ASSERT_TRUE(not_there.fill({}, 0));
  }
  EXPECT_EQ(registry.usage().conversations, 0U);
  EXPECT_EQ(registry.usage().bytes, base::Bytes{0});
}

// Time to live.

TEST_F(RegistryTest, KeepsAConversationUntilItsTimeIsOver) {
  Registry registry({.time_to_live = 2h}, clock);
  ASSERT_TRUE(converse(registry, "a"));
  clock.advance(2h - 1ns);
  EXPECT_EQ(registry.sweep().removed, 0U);
  EXPECT_TRUE(is_in_memory(registry, "a"));
}

TEST_F(RegistryTest, SweepsAConversationWhenItsTimeIsOver) {
  Registry registry({.time_to_live = 2h}, clock);
  ASSERT_TRUE(converse(registry, "a"));
  clock.advance(2h);
  const SweepReport report = registry.sweep();
  EXPECT_EQ(report.removed, 1U);
  EXPECT_EQ(report.remaining, 0U);
  EXPECT_EQ(report.remaining_bytes, base::Bytes{0});
  EXPECT_EQ(evicted(registry, EvictionReason::ttl), 1U);
}

TEST_F(RegistryTest, NeverHandsOutWhatHasExpiredEvenUnswept) {
  Registry registry({.time_to_live = 2h}, clock);
  ASSERT_TRUE(converse(registry, "a"));
  clock.advance(2h);
  const Lease lease = acquire(registry, "a");
  EXPECT_FALSE(lease.is_loaded());
  EXPECT_EQ(registry.usage().bytes, cost_of(lease.key(), {}));
  EXPECT_EQ(evicted(registry, EvictionReason::ttl), 1U);
}

TEST_F(RegistryTest, StartsTheTimeToLiveAnewWithTheBeginningOfATurn) {
  Registry registry({.time_to_live = 2h}, clock);
  ASSERT_TRUE(converse(registry, "a"));
  clock.advance(1h);
  { const Lease use = acquire(registry, "a"); }
  clock.advance(1h);
  EXPECT_TRUE(is_in_memory(registry, "a"));
}

TEST_F(RegistryTest, StartsTheTimeToLiveAnewWithTheEndOfATurn) {
  Registry registry({.time_to_live = 2h}, clock);
  ASSERT_TRUE(converse(registry, "a"));
  {
    const Lease long_turn = acquire(registry, "a");
    clock.advance(3h);
    EXPECT_EQ(registry.sweep().removed, 0U);
  }
  EXPECT_EQ(registry.sweep().removed, 0U);
  EXPECT_TRUE(is_in_memory(registry, "a"));
}

TEST_F(RegistryTest, SweepsTheExpiredOnly) {
  Registry registry({.time_to_live = 2h}, clock);
  for (int i = 0; i < 1000; ++i) ASSERT_TRUE(converse(registry, "old " + std::to_string(i)));
  clock.advance(1h);
  ASSERT_TRUE(converse(registry, "young"));
  clock.advance(1h);
  const SweepReport report = registry.sweep();
  EXPECT_EQ(report.removed, 1000U);
  EXPECT_EQ(report.remaining, 1U);
  EXPECT_EQ(report.remaining_bytes, registry.usage().bytes);
}

TEST_F(RegistryTest, WithoutATimeToLiveKeepsForEver) {
  Registry registry({.time_to_live = 0h}, clock);
  ASSERT_TRUE(converse(registry, "a"));
  clock.advance(24h * 365);
  EXPECT_EQ(registry.sweep().removed, 0U);
  EXPECT_TRUE(is_in_memory(registry, "a"));
}

// Forgetting.

TEST_F(RegistryTest, ForgetsAnIdleConversationAtOnce) {
  Registry registry({}, clock);
  ASSERT_TRUE(converse(registry, "a"));
  registry.forget({"", "a"});
  EXPECT_EQ(registry.usage().conversations, 0U);
  EXPECT_EQ(registry.usage().bytes, base::Bytes{0});
  EXPECT_EQ(evicted(registry, EvictionReason::deleted), 1U);
}

TEST_F(RegistryTest, LetsATurnFinishThatHoldsAForgottenConversation) {
  Registry registry({}, clock);
  ASSERT_TRUE(converse(registry, "a"));
  {
    Lease lease = acquire(registry, "a");
    registry.forget({"", "a"});
    registry.forget({"", "a"});
    EXPECT_TRUE(lease.append(question("still here?")));
    EXPECT_EQ(lease.window().size(), 3U);
  }
  EXPECT_EQ(registry.usage().bytes, base::Bytes{0});
  EXPECT_EQ(evicted(registry, EvictionReason::deleted), 1U);
}

TEST_F(RegistryTest, HandsAForgottenConversationToTheNextInLineAsNotLoaded) {
  Registry registry({}, clock);
  ASSERT_TRUE(converse(registry, "a"));
  bool granted = false;
  {
    const Lease lease = acquire(registry, "a");
    registry.acquire({"", "a"}, [&](base::Result<Lease> next) {
      granted = true;
      EXPECT_FALSE(next->is_loaded());
      EXPECT_EQ(next->last_sequence(), 0);
      EXPECT_TRUE(next->fill({}, 0));
      EXPECT_TRUE(next->append(question("anew")));
    });
    registry.forget({"", "a"});
  }
  EXPECT_TRUE(granted);
  EXPECT_TRUE(is_in_memory(registry, "a"));
}

TEST_F(RegistryTest, ForgettingTheUnknownChangesNothing) {
  Registry registry({}, clock);
  registry.forget({"", "nobody"});
  EXPECT_EQ(evicted(registry, EvictionReason::deleted), 0U);
}

}  // namespace
}  // namespace chatcore::conversation

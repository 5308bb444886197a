// One turn at a time: lines, their bound, re-entrant callbacks, and threads.

#include <array>
#include <atomic>
#include <functional>
#include <optional>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "chatcore/conversation/registry.h"
#include "tests/chatcore/conversation/turns.h"

namespace chatcore::conversation {
namespace {

using namespace std::chrono_literals;

struct RegistryTurnsTest : testing::Test {
  base::ManualClock clock;
};

TEST_F(RegistryTurnsTest, WaitInLineInTheOrderTheyCame) {
  Registry registry({}, clock);
  std::vector<int> order;
  {
    const Lease first = acquire(registry, "a");
    for (int i = 1; i <= 3; ++i) registry.acquire({"", "a"}, [&order, i](base::Result<Lease>) { order.push_back(i); });
    EXPECT_TRUE(order.empty());
  }
  EXPECT_EQ(order, (std::vector<int>{1, 2, 3}));
}

TEST_F(RegistryTurnsTest, OfDifferentConversationsDoNotWaitForEachOther) {
  Registry registry({}, clock);
  const Lease a = acquire(registry, "a");
  const Lease b = acquire(registry, "b");
  EXPECT_EQ(registry.usage().conversations, 2U);
}

TEST_F(RegistryTurnsTest, AreRefusedWhenTheLineIsFull) {
  Registry registry({.max_waiting_turns = 2}, clock);
  std::size_t granted = 0;
  std::optional<base::Code> refused;
  {
    const Lease first = acquire(registry, "a");
    const auto count = [&](base::Result<Lease> lease) {
      if (lease)
        ++granted;
      else
        refused = lease.error().code;
    };
    registry.acquire({"", "a"}, count);
    registry.acquire({"", "a"}, count);
    EXPECT_EQ(refused, std::nullopt);
    registry.acquire({"", "a"}, count);
    EXPECT_EQ(refused, base::Code::conflict);
  }
  EXPECT_EQ(granted, 2U);
}

TEST_F(RegistryTurnsTest, SeeWhatTheTurnBeforeThemAppended) {
  Registry registry({}, clock);
  std::int64_t seen = 0;
  {
    Lease first = acquire(registry, "a");
    registry.acquire({"", "a"}, [&](base::Result<Lease> next) { seen = next->last_sequence(); });
    ASSERT_TRUE(first.fill({}, 0));
    ASSERT_TRUE(first.append(question("?")));
  }
  EXPECT_EQ(seen, 1);
}

TEST_F(RegistryTurnsTest, MayUseTheRegistryFromWithinTheirCallback) {
  Registry registry({}, clock);
  bool inner = false;
  registry.acquire({"", "a"}, [&](base::Result<Lease> lease) {
    ASSERT_TRUE(lease);
    registry.sweep();
    registry.shed({0});
    registry.forget({"", "a"});
    registry.acquire({"", "a"}, [&](base::Result<Lease> again) { inner = again.has_value(); });
    EXPECT_FALSE(inner) << "the conversation is held by the outer turn";
    EXPECT_EQ(registry.usage().conversations, 1U);
  });
  EXPECT_TRUE(inner);
}

TEST_F(RegistryTurnsTest, InALongLineDoNotNestInEachOther) {
  Registry registry({}, clock);
  constexpr int kTurns = 200'000;  // nested, this many frames would end the stack
  int turns = 0;
  std::function<void(base::Result<Lease>)> take_turn = [&](base::Result<Lease>) {
    if (++turns < kTurns) registry.acquire({"", "a"}, take_turn);
  };
  {
    const Lease first = acquire(registry, "a");
    registry.acquire({"", "a"}, take_turn);
  }
  EXPECT_EQ(turns, kTurns);
}

TEST_F(RegistryTurnsTest, EndOnceWhenTheLeaseIsMoved) {
  Registry registry({}, clock);
  std::optional<Lease> kept;
  {
    Lease lease = acquire(registry, "a");
    ASSERT_TRUE(lease.fill({}, 0));
    ASSERT_TRUE(lease.append(question("?")));
    kept.emplace(std::move(lease));
  }
  registry.shed({0});
  EXPECT_EQ(registry.usage().conversations, 1U) << "still held";
  kept.reset();
  EXPECT_EQ(registry.shed({0}).conversations, 0U);
}

// Each conversation's turns count themselves without a lock: a thread sanitizer sees any two that overlap, and the
// counts show a turn that was lost.
TEST_F(RegistryTurnsTest, OfTwoThreadsNeverOverlapAndNeverPassTheBudget) {
  constexpr base::Bytes kBudget = base::kibibytes(32);
  constexpr int kSteps = 20'000;
  Registry registry({.time_to_live = 5s, .max_messages = 8, .budget = kBudget, .max_waiting_turns = 1000}, clock);
  struct Conversation {
    int in_turn = 0;
    int turns = 0;
  };
  std::array<Conversation, 24> conversations;
  std::atomic<int> granted{0};
  std::atomic<int> refused{0};
  std::atomic<bool> over_budget{false};

  const auto hammer = [&](unsigned seed) {
    std::mt19937 random(seed);
    for (int step = 0; step < kSteps; ++step) {
      const std::size_t which = random() % conversations.size();
      const ConversationKey key{"user", "conversation number " + std::to_string(which)};
      registry.acquire(key, [&, which, length = random() % 1500](base::Result<Lease> lease) {
        if (!lease) {
          ++refused;
          return;
        }
        ++granted;
        Conversation& own = conversations[which];
        EXPECT_EQ(++own.in_turn, 1);
        if (lease->is_loaded() || lease->fill({}, 0)) {
          (void)lease->append(question(std::string(length, 'q')));
          (void)lease->append(answer(std::string(length / 2, 'a')));
        }
        ++own.turns;
        --own.in_turn;
      });
      if (random() % 50 == 0) registry.forget(key);
      if (random() % 200 == 0) registry.shed({kBudget.count / 2});
      if (random() % 200 == 0) registry.sweep();
      if (random() % 50 == 0) clock.advance(1s);
      if (registry.usage().bytes > kBudget) over_budget = true;
    }
  };
  const auto seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::thread other(hammer, seed);
  hammer(seed + 1);
  other.join();

  EXPECT_FALSE(over_budget);
  EXPECT_EQ(granted + refused, 2 * kSteps);
  int turns = 0;
  for (const Conversation& conversation : conversations) turns += conversation.turns;
  EXPECT_EQ(turns, granted);
  EXPECT_EQ(registry.shed({0}).bytes, base::Bytes{0});
}

}  // namespace
}  // namespace chatcore::conversation

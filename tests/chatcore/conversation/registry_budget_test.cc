// The byte budget: what leaves for it, what it refuses, and that it holds at every step.

#include <map>
#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "chatcore/conversation/accounting.h"
#include "chatcore/conversation/registry.h"
#include "tests/chatcore/conversation/turns.h"

namespace chatcore::conversation {
namespace {

using namespace std::chrono_literals;

// What one conversation costs after converse() with texts of 1000 bytes.
constexpr std::int64_t kTexts = 1000;
const base::Bytes kOne = kEntryCost + cost_of_slots(4) + base::Bytes{2 * 1024};

struct RegistryBudgetTest : testing::Test {
  base::ManualClock clock;
};

TEST_F(RegistryBudgetTest, HoldsWhatFitsExactly) {
  Registry registry({.budget = {3 * kOne.count}}, clock);
  for (const char* id : {"a", "b", "c"}) ASSERT_TRUE(converse(registry, id, kTexts));
  EXPECT_EQ(registry.usage().bytes.count, 3 * kOne.count);
  EXPECT_EQ(evicted(registry, EvictionReason::budget), 0U);
}

TEST_F(RegistryBudgetTest, ASummaryCountsAndLeavesWithItsConversation) {
  Registry registry({}, clock);
  const Summary summary{.content = std::string(2000, 's'), .up_to = 4};
  {
    Lease lease = acquire(registry, "a");
    ASSERT_TRUE(lease.fill({}, 4));
    const base::Bytes without = registry.usage().bytes;
    ASSERT_TRUE(lease.fill({}, 4, 1, summary));
    EXPECT_EQ(lease.summary().content, summary.content);
    EXPECT_EQ(registry.usage().bytes - without, cost_of(&summary));
    EXPECT_GE(cost_of(&summary).count, 2000);
    ASSERT_TRUE(lease.fill({}, 4));
    EXPECT_EQ(lease.summary().content, "");
    EXPECT_EQ(registry.usage().bytes, without);
    ASSERT_TRUE(lease.fill({}, 4, 1, summary));
  }
  registry.forget({"", "a"});
  EXPECT_EQ(registry.usage().bytes.count, 0);
}

TEST_F(RegistryBudgetTest, ASummaryThatFindsNoRoomIsRefused) {
  Registry registry({.budget = kOne}, clock);
  Lease lease = acquire(registry, "a");
  const auto filled = lease.fill({}, 4, 1, {.content = std::string(10'000, 's'), .up_to = 4});
  EXPECT_EQ(filled.error().code, base::Code::exhausted);
}

TEST_F(RegistryBudgetTest, EvictsTheLeastRecentlyUsedForTheNext) {
  Registry registry({.budget = {3 * kOne.count}}, clock);
  for (const char* id : {"a", "b", "c"}) ASSERT_TRUE(converse(registry, id, kTexts));
  { const Lease use = acquire(registry, "a"); }
  ASSERT_TRUE(converse(registry, "d", kTexts));
  EXPECT_EQ(evicted(registry, EvictionReason::budget), 1U);
  for (const char* id : {"a", "c", "d"}) EXPECT_TRUE(is_in_memory(registry, id)) << id;
  EXPECT_FALSE(is_in_memory(registry, "b"));
}

TEST_F(RegistryBudgetTest, NeverEvictsAConversationThatATurnHolds) {
  Registry registry({.budget = {2 * kOne.count}}, clock);
  ASSERT_TRUE(converse(registry, "held", kTexts));
  const Lease held = acquire(registry, "held");
  ASSERT_TRUE(converse(registry, "b", kTexts));
  ASSERT_TRUE(converse(registry, "c", kTexts));
  EXPECT_EQ(held.window().size(), 2U);
  EXPECT_FALSE(is_in_memory(registry, "b"));
}

TEST_F(RegistryBudgetTest, RefusesAMessageWhenTurnsHoldEverything) {
  Registry registry({.budget = {2 * kOne.count}}, clock);
  ASSERT_TRUE(converse(registry, "a", kTexts));
  ASSERT_TRUE(converse(registry, "b", kTexts));
  Lease a = acquire(registry, "a");
  const Lease b = acquire(registry, "b");
  const auto appended = a.append(question(std::string(kTexts, 'q')));
  ASSERT_FALSE(appended);
  EXPECT_EQ(appended.error().code, base::Code::exhausted);
  EXPECT_EQ(a.window().size(), 2U);
  EXPECT_EQ(registry.usage().bytes.count, 2 * kOne.count);
}

TEST_F(RegistryBudgetTest, DoesNotPushOthersOutForWhatCanNeverFit) {
  Registry registry({.budget = {2 * kOne.count}}, clock);
  ASSERT_TRUE(converse(registry, "a", kTexts));
  Lease lease = acquire(registry, "b");
  ASSERT_TRUE(lease.fill({}, 0));
  ASSERT_FALSE(lease.append(question(std::string(static_cast<std::size_t>(3 * kOne.count), 'q'))));
  EXPECT_TRUE(is_in_memory(registry, "a"));
}

TEST_F(RegistryBudgetTest, RefusesAConversationThatHasNoRoomEvenEmpty) {
  Registry registry({.budget = kEntryCost}, clock);
  const Lease held = acquire(registry, "a");
  const auto refused = try_acquire(registry, {"", "b"});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, base::Code::exhausted);
}

TEST_F(RegistryBudgetTest, KeepsWhatIsThereWhenFillingFails) {
  Registry registry({.budget = kOne}, clock);
  Lease lease = acquire(registry, "a");
  std::vector<Message> stored{question(std::string(static_cast<std::size_t>(kOne.count), 'q'))};
  const auto filled = lease.fill(stored, 1);
  ASSERT_FALSE(filled);
  EXPECT_EQ(filled.error().code, base::Code::exhausted);
  EXPECT_FALSE(lease.is_loaded());
  EXPECT_EQ(registry.usage().bytes, kEntryCost);
}

TEST_F(RegistryBudgetTest, AdmitsWhatEvictionCouldMakeRoomFor) {
  Registry registry({.budget = {2 * kOne.count}}, clock);
  ASSERT_TRUE(converse(registry, "a", kTexts));
  EXPECT_TRUE(registry.admit({2 * kOne.count}));
  EXPECT_EQ(registry.admit({2 * kOne.count + 1}).error().code, base::Code::exhausted);
  const Lease held = acquire(registry, "a");
  EXPECT_TRUE(registry.admit(kOne));
  EXPECT_EQ(registry.admit({kOne.count + 1}).error().code, base::Code::exhausted);
}

TEST_F(RegistryBudgetTest, ShedsTheLeastRecentlyUsedDownToTheTarget) {
  Registry registry({}, clock);
  for (const char* id : {"a", "b", "c", "d"}) ASSERT_TRUE(converse(registry, id, kTexts));
  const Usage left = registry.shed({2 * kOne.count});
  EXPECT_EQ(left.bytes.count, 2 * kOne.count);
  EXPECT_EQ(left.conversations, 2U);
  EXPECT_EQ(evicted(registry, EvictionReason::shed), 2U);
  EXPECT_TRUE(is_in_memory(registry, "c"));
  EXPECT_TRUE(is_in_memory(registry, "d"));
}

TEST_F(RegistryBudgetTest, ShedsNothingThatATurnHolds) {
  Registry registry({}, clock);
  ASSERT_TRUE(converse(registry, "a", kTexts));
  const Lease held = acquire(registry, "a");
  EXPECT_EQ(registry.shed({0}).bytes, kOne);
}

TEST_F(RegistryBudgetTest, SwitchedOffHasRoomForEverything) {
  Registry registry({.budget = {0}}, clock);
  for (int i = 0; i < 1000; ++i) ASSERT_TRUE(converse(registry, std::to_string(i), kTexts));
  EXPECT_EQ(registry.usage().conversations, 1000U);
  EXPECT_TRUE(registry.usage().budget.is_unlimited());
  EXPECT_TRUE(registry.admit(base::gibibytes(1000)));
}

TEST_F(RegistryBudgetTest, HoldsAtEveryStepOfARandomDay) {
  const auto seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  constexpr base::Bytes kBudget = base::kibibytes(64);
  Registry registry({.time_to_live = 60s, .max_messages = 6, .budget = kBudget}, clock);
  std::map<std::string, Lease> turns;
  std::size_t refused = 0;
  for (int step = 0; step < 50'000; ++step) {
    const std::string id = "conversation number " + std::to_string(random() % 60);
    const auto held = turns.find(id);
    switch (random() % 10) {
      case 0: registry.sweep(); break;
      case 1: clock.advance(std::chrono::seconds(random() % 10)); break;
      case 2: registry.forget({"", id}); break;
      case 3:
        if (random() % 20 == 0) registry.shed({static_cast<std::int64_t>(random() % kBudget.count)});
        break;
      case 4:
        if (held != turns.end()) turns.erase(held);
        break;
      default:
        if (held == turns.end()) {
          if (auto lease = try_acquire(registry, {"", id}))
            turns.emplace(id, *std::move(lease));
          else
            ++refused;
        } else if (!held->second.is_loaded()) {
          if (!held->second.fill(std::vector<Message>(random() % 5, question(std::string(random() % 900, 'q'))), 5))
            ++refused;
        } else {
          const std::string text(random() % (random() % 50 == 0 ? 40'000 : 2'000), 'x');
          if (!held->second.append(random() % 2 == 0 ? question(text) : answer(text))) ++refused;
        }
    }
    ASSERT_LE(registry.usage().bytes, kBudget) << "step " << step;
    ASSERT_GE(registry.usage().bytes.count, 0) << "step " << step;
    if (turns.size() > 20) turns.erase(turns.begin());
  }
  EXPECT_GT(refused, 0U) << "the day was too quiet to test the bound";
  EXPECT_GT(evicted(registry, EvictionReason::budget), 0U);
  turns.clear();
  clock.advance(60s);
  registry.sweep();
  EXPECT_EQ(registry.usage().bytes, base::Bytes{0});
  EXPECT_EQ(registry.usage().conversations, 0U);
}

}  // namespace
}  // namespace chatcore::conversation

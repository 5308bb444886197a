#include "chatcore/memory/budget.h"

#include <array>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace chatcore::memory {
namespace {

using base::Bytes;

TEST(Budget, TakesUpToTheLimitAndNotOneByteMore) {
  Budget budget(Bytes{100});
  EXPECT_TRUE(budget.take(Account::conversations, {100}));
  EXPECT_FALSE(budget.take(Account::conversations, {1}));
  EXPECT_EQ(budget.used(), Bytes{100});
}

TEST(Budget, WhatIsGivenBackCanBeTakenAgain) {
  Budget budget(Bytes{100});
  ASSERT_TRUE(budget.take(Account::conversations, {100}));
  budget.give_back(Account::conversations, {40});
  EXPECT_TRUE(budget.take(Account::conversations, {40}));
  EXPECT_EQ(budget.held(Account::conversations), Bytes{100});
}

TEST(Budget, ARefusalCountsNothing) {
  Budget budget(Bytes{100});
  EXPECT_FALSE(budget.take(Account::conversations, {101}));
  EXPECT_EQ(budget.used(), Bytes{0});
  EXPECT_EQ(budget.held(Account::conversations), Bytes{0});
}

TEST(Budget, EveryKindHasItsOwnAccountUnderTheOneLimit) {
  Budget budget(Bytes{160});
  EXPECT_TRUE(budget.take(Account::connections, {40}));
  EXPECT_TRUE(budget.take(Account::requests, {30}));
  EXPECT_TRUE(budget.take(Account::turns, {20}));
  budget.add(Account::answers, {10});
  EXPECT_EQ(budget.held(Account::connections), Bytes{40});
  EXPECT_EQ(budget.held(Account::requests), Bytes{30});
  EXPECT_EQ(budget.held(Account::turns), Bytes{20});
  EXPECT_EQ(budget.held(Account::answers), Bytes{10});
  EXPECT_EQ(budget.used(), Bytes{100});
  EXPECT_TRUE(budget.take(Account::conversations, {60}));
  EXPECT_FALSE(budget.take(Account::conversations, {1}));
}

TEST(Budget, TheDoorStopsBelowTheLimitSoThatWhatIsInsideCanGrow) {
  Budget budget(Bytes{160});
  EXPECT_FALSE(budget.take(Account::requests, {141}));
  EXPECT_TRUE(budget.take(Account::requests, {140}));  // seven eighths
  EXPECT_FALSE(budget.take(Account::connections, {1}));
  EXPECT_FALSE(budget.take(Account::turns, {11}));
  EXPECT_TRUE(budget.take(Account::turns, {10}));  // fifteen sixteenths
  EXPECT_FALSE(budget.take(Account::turns, {1}));
  EXPECT_TRUE(budget.take(Account::conversations, {10}));
}

TEST(Budget, IdleBytesFillThePartThatTheDoorKeepsFree) {
  Budget budget(Bytes{160});
  ASSERT_TRUE(budget.take(Account::conversations, {80}));
  budget.count_idle({80});
  EXPECT_TRUE(budget.take(Account::requests, {80}));
}

TEST(Budget, TheGiverMakesRoomForWhoeverFindsNone) {
  Budget budget(Bytes{160});
  ASSERT_TRUE(budget.take(Account::conversations, {160}));
  budget.count_idle({160});
  budget.set_reclaim_callback([&](Bytes bytes) {
    budget.count_idle({-bytes.count});
    budget.give_back(Account::conversations, bytes);
    return true;
  });
  EXPECT_TRUE(budget.take(Account::turns, {30}));
  EXPECT_EQ(budget.held(Account::conversations), Bytes{130});
  EXPECT_EQ(budget.used(), Bytes{160});
}

TEST(Budget, WhatCanNeverFitDisturbsNobody) {
  Budget budget(Bytes{160});
  ASSERT_TRUE(budget.take(Account::conversations, {160}));
  budget.count_idle({100});
  bool asked = false;
  budget.set_reclaim_callback([&](Bytes) { return asked = true; });
  EXPECT_FALSE(budget.take(Account::turns, {91}));
  EXPECT_FALSE(asked);
}

TEST(Budget, AGiverThatFailsEndsTheAttempt) {
  Budget budget(Bytes{160});
  ASSERT_TRUE(budget.take(Account::conversations, {160}));
  budget.count_idle({160});
  int asked = 0;
  budget.set_reclaim_callback([&](Bytes) { return ++asked, false; });
  EXPECT_FALSE(budget.take(Account::turns, {1}));
  EXPECT_EQ(asked, 1);
}

TEST(Budget, WhatIsThereAlreadyIsCountedAndOverTheLimitOthersGiveWay) {
  Budget budget(Bytes{100});
  Bytes asked{-1};
  budget.set_reclaim_callback([&](Bytes bytes) {
    asked = bytes;
    return false;
  });
  EXPECT_TRUE(budget.add(Account::answers, {100}));
  EXPECT_EQ(asked, Bytes{-1});
  EXPECT_FALSE(budget.add(Account::answers, {1}));
  EXPECT_EQ(asked, Bytes{0});
  EXPECT_EQ(budget.used(), Bytes{101});
}

TEST(Budget, ALoweredLimitHoldsForTheNextAndARaisedOneToo) {
  Budget budget(Bytes{100});
  ASSERT_TRUE(budget.take(Account::conversations, {60}));
  budget.set_limit({50});
  EXPECT_FALSE(budget.take(Account::conversations, {1}));
  EXPECT_EQ(budget.limit(), Bytes{50});
  EXPECT_EQ(budget.configured(), Bytes{100});
  budget.set_limit({100});
  EXPECT_TRUE(budget.take(Account::conversations, {40}));
}

TEST(Budget, WithoutALimitEverythingFits) {
  Budget budget(Bytes::unlimited());
  for (const Account account : {Account::conversations, Account::turns, Account::requests, Account::connections}) {
    EXPECT_TRUE(budget.take(account, base::gibibytes(1 << 20)));
  }
}

TEST(Budget, HoldsItsLimitAtEveryInstantUnderManyThreads) {
  constexpr std::int64_t kLimit = 250;
  Budget budget(Bytes{kLimit});
  std::atomic<bool> passed{false};
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&, i] {
      const Bytes mine{97 + i};
      for (int round = 0; round < 50'000; ++round) {
        const bool taken = budget.take(Account::conversations, mine);
        if (budget.used().count > kLimit) passed = true;
        if (taken) budget.give_back(Account::conversations, mine);
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_FALSE(passed);
  EXPECT_EQ(budget.used(), Bytes{0});
}

TEST(Budget, KindsHaveTheNamesOfTheMetric) {
  constexpr std::array names{"conversations", "turns", "requests", "answers", "connections", "caches"};
  static_assert(names.size() == kAccounts);
  for (std::size_t i = 0; i < kAccounts; ++i) EXPECT_EQ(name_of(static_cast<Account>(i)), names[i]);
}

}  // namespace
}  // namespace chatcore::memory

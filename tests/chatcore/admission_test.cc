#include "chatcore/admission.h"

#include <gtest/gtest.h>

namespace chatcore {
namespace {

using base::Bytes;

TEST(Admission, LetsInAsManyTurnsAsAllowedAndNotOneMore) {
  Admission admission({.max_turns = 2, .max_bytes_in_flight = {0}});
  const auto first = admission.enter({1});
  const auto second = admission.enter({1});
  const auto third = admission.enter({1});
  EXPECT_TRUE(first && second);
  ASSERT_FALSE(third);
  EXPECT_EQ(third.error(), Refusal::turns);
  EXPECT_EQ(admission.turns_in_flight(), 2U);
}

TEST(Admission, APlaceIsFreeAgainWhenItsTicketGoes) {
  Admission admission({.max_turns = 1, .max_bytes_in_flight = {0}});
  EXPECT_TRUE(admission.enter({7}));
  EXPECT_EQ(admission.turns_in_flight(), 0U);
  EXPECT_EQ(admission.bytes_in_flight().count, 0);
  EXPECT_TRUE(admission.enter({7}));
}

TEST(Admission, BytesUpToTheBoundEnterAndOneOverDoesNot) {
  Admission admission({.max_turns = 0, .max_bytes_in_flight = {100}});
  const auto exact = admission.enter({100});
  EXPECT_TRUE(exact);
  const auto over = admission.enter({1});
  ASSERT_FALSE(over);
  EXPECT_EQ(over.error(), Refusal::bytes);
  EXPECT_EQ(admission.bytes_in_flight().count, 100);
}

TEST(Admission, WhatATurnComesToHoldCountsAgainstTheNext) {
  Admission admission({.max_turns = 0, .max_bytes_in_flight = {100}});
  {
    const auto permit = admission.enter({10});
    (*permit)->grow({90});
    EXPECT_FALSE(admission.enter({1}));
  }
  EXPECT_TRUE(admission.enter({100}));
}

TEST(Admission, WithBoundsOffEverythingEnters) {
  Admission admission({.max_turns = 0, .max_bytes_in_flight = {0}});
  std::vector<Admission::Entry> entries;
  for (int i = 0; i < 1000; ++i) entries.push_back(admission.enter(base::gibibytes(1)));
  for (const auto& entry : entries) EXPECT_TRUE(entry);
}

TEST(Admission, ADrainRefusesNewTurnsAndKeepsThoseUnderWay) {
  Admission admission({});
  const auto running = admission.enter({5});
  admission.begin_drain();
  const auto refused = admission.enter({1});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error(), Refusal::drain);
  EXPECT_EQ(admission.turns_in_flight(), 1U);
}

TEST(Admission, TheBudgetIsAskedBeforeATurnBegins) {
  memory::Budget budget(Bytes{160});
  Admission admission({.max_turns = 0, .max_bytes_in_flight = {0}}, &budget);
  const auto first = admission.enter({150});  // fifteen sixteenths
  EXPECT_TRUE(first);
  const auto second = admission.enter({1});
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error(), Refusal::memory);
  EXPECT_EQ(budget.held(memory::Account::turns), Bytes{150});
  EXPECT_EQ(admission.turns_in_flight(), 1U);
}

TEST(Admission, WhatATurnHoldsIsGivenBackToTheBudget) {
  memory::Budget budget(Bytes{160});
  Admission admission({.max_turns = 1, .max_bytes_in_flight = {0}}, &budget);
  {
    const auto permit = admission.enter({100});
    EXPECT_TRUE((*permit)->grow({60}));
    EXPECT_FALSE(admission.enter({1}));  // refused for its number: gives back what it took
    EXPECT_EQ(budget.used(), Bytes{160});
  }
  EXPECT_EQ(budget.used(), Bytes{0});
}

TEST(Admission, ATurnThatGrowsBeyondTheBudgetIsToldSo) {
  memory::Budget budget(Bytes{160});
  Admission admission({}, &budget);
  const auto permit = admission.enter({100});
  EXPECT_TRUE((*permit)->grow({60}));
  EXPECT_FALSE((*permit)->grow({1}));
  EXPECT_EQ(budget.used(), Bytes{161});  // it is there, so it is counted
}

constexpr AdmissionLimits kLimited{.max_turns = 4, .max_bytes_in_flight = {0}, .target_delay = std::chrono::seconds(1)};

TEST(Admission, ATurnThatRestsLeavesItsPlaceAtWorkToOthers) {
  Admission admission({.max_turns = 100, .max_bytes_in_flight = {0}, .target_delay = std::chrono::seconds(1)});
  std::vector<Admission::Entry> turns;
  while (!admission.closed()) turns.push_back(admission.enter({1}));
  const auto refused = admission.enter({1});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error(), Refusal::concurrency);
  EXPECT_EQ(admission.turns_at_work(), turns.size());
  (*turns.front())->rest();
  (*turns.front())->rest();
  EXPECT_FALSE(admission.closed());
  (*turns.front())->begin(ConcurrencyLimiter::Kind::stored);
  EXPECT_EQ(admission.closed(), Refusal::concurrency);
  (*turns.front())->begun();
  EXPECT_EQ(admission.closed(), Refusal::concurrency);
  (*turns.front())->rest();
  EXPECT_FALSE(admission.closed());
  (*turns.front())->work();
  (*turns.front())->work();
  EXPECT_EQ(admission.closed(), Refusal::concurrency);
  turns.clear();
  EXPECT_EQ(admission.turns_at_work(), 0U);
}

TEST(Admission, SaysThatItIsClosedAsItWouldRefuse) {
  Admission admission(kLimited);
  std::vector<Admission::Entry> turns;
  for (int i = 0; i < 4; ++i) {
    EXPECT_FALSE(admission.closed());
    turns.push_back(admission.enter({1}));
  }
  EXPECT_EQ(admission.closed(), Refusal::turns);
  admission.begin_drain();
  EXPECT_EQ(admission.closed(), Refusal::drain);
}

TEST(Admission, ALateLoopLetsFewerInOnlyWhileSomebodyIsTurnedAway) {
  Admission admission({.max_turns = 4, .max_bytes_in_flight = {0}, .target_delay = std::chrono::seconds(1)});
  const auto look_late = [&] {
    for (int i = 0; i < 10; ++i) {
      if (admission.closed()) admission.turned_away();
      admission.look(std::chrono::seconds(1));
    }
  };
  look_late();
  EXPECT_EQ(admission.at_work_limit(), 4U);
  std::vector<Admission::Entry> turns;
  while (!admission.closed()) turns.push_back(admission.enter({1}));
  look_late();
  EXPECT_EQ(admission.at_work_limit(), 2U);
}

TEST(Admission, WithoutATargetNobodyIsPaced) {
  Admission admission({.max_turns = 0, .max_bytes_in_flight = {0}});
  std::vector<Admission::Entry> turns;
  for (int i = 0; i < 1000; ++i) turns.push_back(admission.enter({1}));
  EXPECT_FALSE(admission.closed());
}

TEST(Admission, NewBoundsHoldForEntriesFromThenOn) {
  Admission admission({.max_turns = 2, .max_bytes_in_flight = base::kibibytes(64)});
  const auto first = admission.enter(base::kibibytes(1));
  const auto second = admission.enter(base::kibibytes(1));
  ASSERT_TRUE(first && second);
  admission.configure(1, base::kibibytes(64));
  EXPECT_EQ(admission.enter(base::kibibytes(1)).error(), Refusal::turns);
  admission.configure(3, base::kibibytes(2));
  EXPECT_EQ(admission.enter(base::kibibytes(1)).error(), Refusal::bytes);
  admission.configure(3, base::kibibytes(3));
  EXPECT_TRUE(admission.enter(base::kibibytes(1)));
}

}  // namespace
}  // namespace chatcore

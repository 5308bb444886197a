#include "chatcore/admission.h"

#include <gtest/gtest.h>

namespace chatcore {
namespace {

using base::Bytes;

TEST(Admission, LetsInAsManyTurnsAsAllowedAndNotOneMore) {
  Admission door({.max_turns = 2, .max_bytes_in_flight = {0}});
  const auto first = door.enter({1});
  const auto second = door.enter({1});
  const auto third = door.enter({1});
  EXPECT_TRUE(first && second);
  ASSERT_FALSE(third);
  EXPECT_EQ(third.error(), Refusal::turns);
  EXPECT_EQ(door.turns_in_flight(), 2U);
}

TEST(Admission, APlaceIsFreeAgainWhenItsTicketGoes) {
  Admission door({.max_turns = 1, .max_bytes_in_flight = {0}});
  EXPECT_TRUE(door.enter({7}));
  EXPECT_EQ(door.turns_in_flight(), 0U);
  EXPECT_EQ(door.bytes_in_flight().count, 0);
  EXPECT_TRUE(door.enter({7}));
}

TEST(Admission, BytesUpToTheBoundEnterAndOneOverDoesNot) {
  Admission door({.max_turns = 0, .max_bytes_in_flight = {100}});
  const auto exact = door.enter({100});
  EXPECT_TRUE(exact);
  const auto over = door.enter({1});
  ASSERT_FALSE(over);
  EXPECT_EQ(over.error(), Refusal::bytes);
  EXPECT_EQ(door.bytes_in_flight().count, 100);
}

TEST(Admission, WhatATurnComesToHoldCountsAgainstTheNext) {
  Admission door({.max_turns = 0, .max_bytes_in_flight = {100}});
  {
    const auto ticket = door.enter({10});
    (*ticket)->grow({90});
    EXPECT_FALSE(door.enter({1}));
  }
  EXPECT_TRUE(door.enter({100}));
}

TEST(Admission, WithBoundsOffEverythingEnters) {
  Admission door({.max_turns = 0, .max_bytes_in_flight = {0}});
  std::vector<Admission::Entry> entries;
  for (int i = 0; i < 1000; ++i) entries.push_back(door.enter(base::gibibytes(1)));
  for (const auto& entry : entries) EXPECT_TRUE(entry);
}

TEST(Admission, ADrainRefusesNewTurnsAndKeepsThoseUnderWay) {
  Admission door({});
  const auto running = door.enter({5});
  door.begin_drain();
  const auto refused = door.enter({1});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error(), Refusal::drain);
  EXPECT_EQ(door.turns_in_flight(), 1U);
}

TEST(Admission, TheBudgetIsAskedBeforeATurnBegins) {
  memory::Budget budget(Bytes{160});
  Admission door({.max_turns = 0, .max_bytes_in_flight = {0}}, &budget);
  const auto first = door.enter({150});  // fifteen sixteenths
  EXPECT_TRUE(first);
  const auto second = door.enter({1});
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error(), Refusal::memory);
  EXPECT_EQ(budget.held(memory::Account::turns), Bytes{150});
  EXPECT_EQ(door.turns_in_flight(), 1U);
}

TEST(Admission, WhatATurnHoldsIsGivenBackToTheBudget) {
  memory::Budget budget(Bytes{160});
  Admission door({.max_turns = 1, .max_bytes_in_flight = {0}}, &budget);
  {
    const auto ticket = door.enter({100});
    EXPECT_TRUE((*ticket)->grow({60}));
    EXPECT_FALSE(door.enter({1}));  // refused for its number: gives back what it took
    EXPECT_EQ(budget.used(), Bytes{160});
  }
  EXPECT_EQ(budget.used(), Bytes{0});
}

TEST(Admission, ATurnThatGrowsBeyondTheBudgetIsToldSo) {
  memory::Budget budget(Bytes{160});
  Admission door({}, &budget);
  const auto ticket = door.enter({100});
  EXPECT_TRUE((*ticket)->grow({60}));
  EXPECT_FALSE((*ticket)->grow({1}));
  EXPECT_EQ(budget.used(), Bytes{161});  // it is there, so it is counted
}

constexpr AdmissionLimits kPaced{.max_turns = 4, .max_bytes_in_flight = {0}, .target_delay = std::chrono::seconds(1)};

TEST(Admission, ATurnThatRestsLeavesItsPlaceAtWorkToOthers) {
  Admission door({.max_turns = 100, .max_bytes_in_flight = {0}, .target_delay = std::chrono::seconds(1)});
  std::vector<Admission::Entry> turns;
  while (!door.closed()) turns.push_back(door.enter({1}));
  const auto refused = door.enter({1});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error(), Refusal::pace);
  EXPECT_EQ(door.turns_at_work(), turns.size());
  (*turns.front())->rest();
  (*turns.front())->rest();
  EXPECT_FALSE(door.closed());
  (*turns.front())->begin(Pace::Kind::stored);
  EXPECT_EQ(door.closed(), Refusal::pace);
  (*turns.front())->begun();
  EXPECT_EQ(door.closed(), Refusal::pace);
  (*turns.front())->rest();
  EXPECT_FALSE(door.closed());
  (*turns.front())->work();
  (*turns.front())->work();
  EXPECT_EQ(door.closed(), Refusal::pace);
  turns.clear();
  EXPECT_EQ(door.turns_at_work(), 0U);
}

TEST(Admission, SaysThatItIsClosedAsItWouldRefuse) {
  Admission door(kPaced);
  std::vector<Admission::Entry> turns;
  for (int i = 0; i < 4; ++i) {
    EXPECT_FALSE(door.closed());
    turns.push_back(door.enter({1}));
  }
  EXPECT_EQ(door.closed(), Refusal::turns);
  door.begin_drain();
  EXPECT_EQ(door.closed(), Refusal::drain);
}

TEST(Admission, ALateLoopLetsFewerInOnlyWhileSomebodyIsTurnedAway) {
  Admission door({.max_turns = 4, .max_bytes_in_flight = {0}, .target_delay = std::chrono::seconds(1)});
  const auto look_late = [&] {
    for (int i = 0; i < 10; ++i) {
      if (door.closed()) door.turned_away();
      door.look(std::chrono::seconds(1));
    }
  };
  look_late();
  EXPECT_EQ(door.at_work_limit(), 4U);
  std::vector<Admission::Entry> turns;
  while (!door.closed()) turns.push_back(door.enter({1}));
  look_late();
  EXPECT_EQ(door.at_work_limit(), 2U);
}

TEST(Admission, WithoutATargetNobodyIsPaced) {
  Admission door({.max_turns = 0, .max_bytes_in_flight = {0}});
  std::vector<Admission::Entry> turns;
  for (int i = 0; i < 1000; ++i) turns.push_back(door.enter({1}));
  EXPECT_FALSE(door.closed());
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

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

}  // namespace
}  // namespace chatcore

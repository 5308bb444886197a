#include "chatcore/storage/postgres_state.h"

#include <gtest/gtest.h>

namespace chatcore::storage {
namespace {

using base::Code;

TEST(PostgresState, SaysWhatItMeansForACaller) {
  EXPECT_EQ(code_of_state("53100"), Code::exhausted);    // disk full
  EXPECT_EQ(code_of_state("53200"), Code::exhausted);    // out of memory
  EXPECT_EQ(code_of_state("53300"), Code::unavailable);  // too many connections
  EXPECT_EQ(code_of_state("57P01"), Code::unavailable);  // shutdown
  EXPECT_EQ(code_of_state("57014"), Code::unavailable);  // statement timeout
  EXPECT_EQ(code_of_state("40P01"), Code::unavailable);  // deadlock
  EXPECT_EQ(code_of_state("40001"), Code::unavailable);  // serialization failure
  EXPECT_EQ(code_of_state("55P03"), Code::unavailable);  // lock timeout
  EXPECT_EQ(code_of_state("25006"), Code::unavailable);  // a standby
  EXPECT_EQ(code_of_state("28P01"), Code::permission_denied);
  EXPECT_EQ(code_of_state("42501"), Code::permission_denied);
  EXPECT_EQ(code_of_state("23505"), Code::conflict);
  EXPECT_EQ(code_of_state("22021"), Code::invalid_argument);
  EXPECT_EQ(code_of_state("XX001"), Code::corrupt);
}

TEST(PostgresState, KnowsWhatMayBeRunAgain) {
  EXPECT_TRUE(is_lost_race("40P01"));
  EXPECT_TRUE(is_lost_race("40001"));
  EXPECT_FALSE(is_lost_race("40003"));  // nobody knows whether it was carried out
  EXPECT_FALSE(is_lost_race("55P03"));
  EXPECT_FALSE(is_lost_race(""));
}

TEST(PostgresState, ThatNobodyExpectedIsInternal) {
  EXPECT_EQ(code_of_state("42P01"), Code::internal);
  EXPECT_EQ(code_of_state("XX000"), Code::internal);
  EXPECT_EQ(code_of_state(""), Code::internal);
}

}  // namespace
}  // namespace chatcore::storage

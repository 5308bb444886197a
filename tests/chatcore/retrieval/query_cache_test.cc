#include "chatcore/retrieval/query_cache.h"

#include <gtest/gtest.h>

namespace chatcore::retrieval {
namespace {

QueryCache::Vector vector_of(float number, std::size_t count = 4) {
  return std::make_shared<const std::vector<float>>(count, number);
}

TEST(QueryCache, GivesBackWhatItKeeps) {
  QueryCache cache(4096);
  EXPECT_EQ(cache.find("cats", 1), nullptr);
  const auto vector = vector_of(1);
  cache.keep("cats", 1, vector);
  EXPECT_EQ(cache.find("cats", 1), vector);
  EXPECT_EQ(cache.find("ships", 1), nullptr);
}

TEST(QueryCache, ForgetsAnOlderGeneration) {
  QueryCache cache(4096);
  cache.keep("cats", 1, vector_of(1));
  EXPECT_EQ(cache.find("cats", 2), nullptr);
  cache.keep("ships", 2, vector_of(2));
  EXPECT_EQ(cache.find("cats", 1), nullptr);
  // An answer that comes late, for a store that is gone.
  cache.keep("dogs", 1, vector_of(3));
  EXPECT_EQ(cache.find("dogs", 1), nullptr);
  EXPECT_NE(cache.find("ships", 2), nullptr);
}

TEST(QueryCache, StaysWithinItsBytesAndLosesTheOneNotUsedForLongest) {
  QueryCache cache(10'000);
  cache.keep("first", 1, vector_of(1));
  for (int i = 0; i < 1000; ++i) {
    cache.keep("question " + std::to_string(i), 1, vector_of(2));
    EXPECT_NE(cache.find("first", 1), nullptr) << i;
    EXPECT_LE(cache.bytes(), 10'000U);
  }
  EXPECT_GT(cache.bytes(), 5'000U);
  EXPECT_EQ(cache.find("question 0", 1), nullptr);
  EXPECT_NE(cache.find("question 999", 1), nullptr);
}

TEST(QueryCache, KeepsNothingLargerThanItself) {
  QueryCache cache(1000);
  cache.keep("small", 1, vector_of(1));
  cache.keep("large", 1, vector_of(1, 1000));
  EXPECT_NE(cache.find("small", 1), nullptr);
  EXPECT_EQ(cache.find("large", 1), nullptr);
  QueryCache none(0);
  none.keep("small", 1, vector_of(1));
  EXPECT_EQ(none.bytes(), 0U);
}

}  // namespace
}  // namespace chatcore::retrieval

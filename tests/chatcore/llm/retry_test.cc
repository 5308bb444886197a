#include "chatcore/llm/retry.h"

#include <gtest/gtest.h>

namespace chatcore::llm {
namespace {

using namespace std::chrono_literals;

TEST(Backoff, IsAnythingFromNothingToABoundThatDoubles) {
  EXPECT_EQ(backoff(1, 0), 0s);
  EXPECT_EQ(backoff(1, 1), 250ms);
  EXPECT_EQ(backoff(2, 1), 500ms);
  EXPECT_EQ(backoff(3, 0.5), 500ms);
}

TEST(Backoff, NeverTakesLongerThanItsEnd) {
  for (const int retry : {6, 7, 100, 1'000'000}) EXPECT_EQ(backoff(retry, 1), 8s);
}

TEST(RetryAfter, IsWholeSeconds) {
  EXPECT_EQ(parse_retry_after("0"), 0s);
  EXPECT_EQ(parse_retry_after("120"), 120s);
  EXPECT_EQ(parse_retry_after("999999"), 3600s);
}

TEST(RetryAfter, IsNothingElse) {
  for (const char* value : {"", "-1", "1.5", "soon", "1 ", "99999999999999", "Fri, 31 Dec 1999 23:59:59 GMT"}) {
    EXPECT_FALSE(parse_retry_after(value)) << value;
  }
}

}  // namespace
}  // namespace chatcore::llm

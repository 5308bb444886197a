#include "base/http_date.h"

#include <gtest/gtest.h>

namespace base {
namespace {

TEST(HttpDate, IsWrittenAsTheStandardShowsIt) {
  EXPECT_EQ(http_date(784111777), "Sun, 06 Nov 1994 08:49:37 GMT");
  EXPECT_EQ(http_date(0), "Thu, 01 Jan 1970 00:00:00 GMT");
  EXPECT_EQ(http_date(1709164799), "Wed, 28 Feb 2024 23:59:59 GMT");
}

TEST(HttpDate, IsThatOfNow) {
  const std::time_t before = std::time(nullptr);
  const std::string line(http_date_line());
  const std::time_t after = std::time(nullptr);
  bool is_now = false;
  for (std::time_t second = before; second <= after; ++second) is_now |= line == "Date: " + http_date(second) + "\r\n";
  EXPECT_TRUE(is_now) << line;
}

}  // namespace
}  // namespace base

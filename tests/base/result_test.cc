#include "base/result.h"

#include <cerrno>

#include <gtest/gtest.h>

namespace base {
namespace {

Result<int> half(int number) {
  if (number % 2 != 0) return fail(Code::invalid_argument, "an odd number");
  return number / 2;
}

TEST(Result, HoldsTheValueOrTheError) {
  EXPECT_EQ(half(4).value(), 2);
  EXPECT_EQ(half(3).error().code, Code::invalid_argument);
}

TEST(Error, GainsContextFromTheInsideOut) {
  const auto error = half(3).error().within("halve 3");
  EXPECT_EQ(error.code, Code::invalid_argument);
  EXPECT_EQ(error.message, "halve 3: an odd number");
}

TEST(ErrorFromErrno, SaysWhatWasTriedAndWhyItFailed) {
  const auto error = error_from_errno(ENOENT, "read memory.max");
  EXPECT_EQ(error.message, "read memory.max: No such file or directory");
}

TEST(ErrorFromErrno, TellsAVanishedCgroupFromOneWeMayNotRead) {
  EXPECT_EQ(error_from_errno(ENODEV, "").code, Code::not_found);
  EXPECT_EQ(error_from_errno(EACCES, "").code, Code::permission_denied);
  EXPECT_EQ(error_from_errno(ENOSPC, "").code, Code::exhausted);
  EXPECT_EQ(error_from_errno(ECONNREFUSED, "").code, Code::unavailable);
  EXPECT_EQ(error_from_errno(ETIMEDOUT, "").code, Code::deadline_exceeded);
  EXPECT_EQ(error_from_errno(EXDEV, "").code, Code::internal);
}

TEST(Code, HasANameForLogs) {
  EXPECT_EQ(name_of(Code::too_large), "too_large");
  EXPECT_EQ(name_of(Code::deadline_exceeded), "deadline_exceeded");
}

}  // namespace
}  // namespace base

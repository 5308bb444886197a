#include "base/plausible.h"

#include <gtest/gtest.h>

namespace base {
namespace {

TEST(SizeCorrection, SaysWhatABareSmallNumberShouldBe) {
  EXPECT_EQ(size_correction("700"), "700 bytes; write 700m");
  EXPECT_EQ(size_correction(" 85 ", true), "85 bytes; write 85% or 85m");
  EXPECT_EQ(size_correction("700", true), "700 bytes; write 700m");
  EXPECT_EQ(size_correction("1048575"), "1048575 bytes; write 1048575m");
}

TEST(SizeCorrection, LetsPassWhatCanBeMeant) {
  for (const char* text : {"1048576", "700m", "85%", "64k", "100b", "0", "0.5", "", "lots"})
    EXPECT_EQ(size_correction(text, true), "") << text;
}

TEST(CoresCorrection, SaysWhatABareShareShouldBe) {
  EXPECT_EQ(cores_correction("95"), "95 CPU cores; write 0.95 for 95% of a core, or 95.0 if cores are meant");
  EXPECT_EQ(cores_correction("50"), "50 CPU cores; write 0.5 for 50% of a core, or 50.0 if cores are meant");
  EXPECT_EQ(cores_correction("100"), "100 CPU cores; write 1 for 100% of a core, or 100.0 if cores are meant");
  for (const char* text : {"49", "101", "95.0", "0.95", "95%", ""}) EXPECT_EQ(cores_correction(text), "") << text;
}

}  // namespace
}  // namespace base

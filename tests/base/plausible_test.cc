#include "base/plausible.h"

#include <gtest/gtest.h>

namespace base {
namespace {

TEST(SizeCorrection, SaysWhatABareSmallNumberShouldBe) {
  EXPECT_EQ(size_correction("700"), "700 bytes; write 700m");
  EXPECT_EQ(size_correction(" 85 ", true), "85 bytes; write 85% or 85m");
  EXPECT_EQ(size_correction("700", true), "700 bytes; write 700m");
  EXPECT_EQ(size_correction("65536"), "65536 bytes; write 65536m");
  EXPECT_EQ(size_correction("1048575"), "1048575 bytes; write 1048575k");
}

TEST(SizeCorrection, SaysWhatABareFractionShouldBe) {
  EXPECT_EQ(size_correction("0.85", true), "0.85 bytes; write 85%");
  EXPECT_EQ(size_correction("0.125", true), "0.125 bytes; write 12.5%");
  EXPECT_EQ(size_correction("85.5", true), "85.5 bytes; write 85.5% or 85.5m");
  EXPECT_EQ(size_correction("1.0", true), "1.0 byte; write 1.0% or 1.0m");
  EXPECT_EQ(size_correction("0.7"), "0.7 bytes; write 0.7g");
  EXPECT_EQ(size_correction("700.5"), "700.5 bytes; write 700.5m");
}

TEST(SizeCorrection, LetsPassWhatCanBeMeant) {
  for (const char* text : {"1048576", "700m", "85%", "64k", "100b", "0", "0.5g", "1e3", "inf", "nan", "-5", "", "lots"})
    EXPECT_EQ(size_correction(text, true), "") << text;
}

TEST(CoresCorrection, SaysWhatABareShareShouldBe) {
  EXPECT_EQ(cores_correction("95"), "95 CPU cores; write 0.95 for 95% of a core, or 95.0 if cores are meant");
  EXPECT_EQ(cores_correction("50"), "50 CPU cores; write 0.5 for 50% of a core, or 50.0 if cores are meant");
  EXPECT_EQ(cores_correction("100"), "100 CPU cores; write 1 for 100% of a core, or 100.0 if cores are meant");
  EXPECT_EQ(cores_correction("150"), "150 CPU cores; write 1.5 for 150% of a core, or 150.0 if cores are meant");
  for (const char* text : {"49", "1001", "95.0", "0.95", "95%", ""}) EXPECT_EQ(cores_correction(text), "") << text;
}

TEST(ShareCorrection, SaysWhatAWholeNumberAndAFractionOfAPerCentShouldBe) {
  EXPECT_EQ(share_correction("70"), "70 is more than a whole; write 70%");
  EXPECT_EQ(share_correction(" 0.85 %"), "0.85% is next to nothing; write 85%");
  for (const char* text : {"0.7", "70%", "1%", "0", "0%", "100", "", "%", "much"})
    EXPECT_EQ(share_correction(text), "") << text;
}

}  // namespace
}  // namespace base

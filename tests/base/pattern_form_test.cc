#include "base/pattern_form.h"

#include <gtest/gtest.h>

namespace base {
namespace {

TEST(PatternForm, IsLeftAloneWhenItIsRe2s) {
  for (const char* pattern : {R"(Cleaned up (?P<count>\d+))", "/health", "/health/", "/api/v1/users/s", R"(a\(?<b>)",
                              "(?i)x", "(?:a|b)", "GET / HTTP", "/", "//", ""})
    EXPECT_EQ(re2_form_of(pattern), pattern);
}

TEST(PatternForm, OfANamedGroupHasAP) {
  EXPECT_EQ(re2_form_of(R"((?<a>\d+) of (?<b>(?<c>x)))"), R"((?P<a>\d+) of (?P<b>(?P<c>x)))");
  EXPECT_EQ(re2_form_of(R"((?'count'\d+))"), R"((?P<count>\d+))");
}

TEST(PatternForm, HasNoLookBehindToTurnInto) { EXPECT_EQ(re2_form_of("(?<=a)b(?<!c)"), "(?<=a)b(?<!c)"); }

TEST(PatternForm, HasFlagsInFrontInsteadOfSlashes) {
  EXPECT_EQ(re2_form_of(R"(/Cleaned up \d+/i)"), R"((?i)Cleaned up \d+)");
  EXPECT_EQ(re2_form_of(R"(/Cleaned up (?<n>\d+)/gim)"), R"((?im)Cleaned up (?P<n>\d+))");
  EXPECT_EQ(re2_form_of(R"(/Cleaned up \d+/)"), R"(Cleaned up \d+)");
  EXPECT_EQ(re2_form_of(R"(/GET \/health \d+/g)"), R"(GET /health \d+)");
}

}  // namespace
}  // namespace base

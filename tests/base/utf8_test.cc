#include "base/utf8.h"

#include <string>
#include <string_view>

#include <gtest/gtest.h>

namespace base {
namespace {

TEST(Utf8, DecodesEveryLength) {
  EXPECT_EQ(decode_utf8("a", 0).value, U'a');
  EXPECT_EQ(decode_utf8("é", 0).value, U'é');
  EXPECT_EQ(decode_utf8("€", 0).value, U'€');
  EXPECT_EQ(decode_utf8("😀", 0).value, U'😀');
  EXPECT_EQ(decode_utf8("😀", 0).length, 4U);
}

TEST(Utf8, TakesTheSmallestAndTheLargestOfEachLength) {
  for (const char32_t value :
       {U'\x7F', U'\x80', U'\x7FF', U'\x800', U'\xD7FF', U'\xE000', U'\xFFFF', U'\x10000', U'\x10FFFF'}) {
    std::string text;
    append_utf8(text, value);
    EXPECT_EQ(decode_utf8(text, 0).value, value);
    EXPECT_EQ(decode_utf8(text, 0).length, text.size());
  }
}

TEST(Utf8, RefusesWhatIsNoCodePoint) {
  EXPECT_FALSE(is_valid_utf8("\x80")) << "a continuation byte alone";
  EXPECT_FALSE(is_valid_utf8("\xC0\xAF")) << "overlong, two bytes";
  EXPECT_FALSE(is_valid_utf8("\xE0\x9F\xBF")) << "overlong, three bytes";
  EXPECT_FALSE(is_valid_utf8("\xF0\x8F\xBF\xBF")) << "overlong, four bytes";
  EXPECT_FALSE(is_valid_utf8("\xED\xA0\x80")) << "a surrogate";
  EXPECT_FALSE(is_valid_utf8("\xF4\x90\x80\x80")) << "above U+10FFFF";
  EXPECT_FALSE(is_valid_utf8("\xFF")) << "never a lead";
}

TEST(Utf8, RefusesASequenceCutShort) {
  EXPECT_FALSE(is_valid_utf8("\xE2\x82"));
  EXPECT_TRUE(is_valid_utf8("\xE2\x82\xAC"));
}

TEST(Utf8, TakesTheReplacementCharacterItself) { EXPECT_TRUE(is_valid_utf8("\xEF\xBF\xBD")); }

TEST(Utf8, GoesForwardAndBackByCodePoints) {
  const std::string_view text = "aé€😀";
  EXPECT_EQ(forward_code_points(text, 0, 2), 3U);
  EXPECT_EQ(forward_code_points(text, 0, 9), text.size());
  EXPECT_EQ(back_code_points(text, text.size(), 1), 6U);
  EXPECT_EQ(back_code_points(text, text.size(), 3), 1U);
  EXPECT_EQ(back_code_points(text, text.size(), 9), 0U);
}

TEST(Utf8, GoesBackOverBadBytesOneByOne) {
  const std::string_view text = "a\x80\x80\x80\x80";
  EXPECT_EQ(back_code_points(text, 5, 4), 1U);
}

TEST(Utf8, PrefixNeverCutsACodePoint) {
  EXPECT_EQ(utf8_prefix("aé€", 0), "");
  EXPECT_EQ(utf8_prefix("aé€", 2), "a");
  EXPECT_EQ(utf8_prefix("aé€", 3), "aé");
  EXPECT_EQ(utf8_prefix("aé€", 5), "aé");
  EXPECT_EQ(utf8_prefix("aé€", 6), "aé€");
  EXPECT_EQ(utf8_prefix("😀😀😀", 11), "😀😀");
}

TEST(Utf8, SuffixNeverCutsACodePoint) {
  EXPECT_EQ(utf8_suffix("€éa", 0), "");
  EXPECT_EQ(utf8_suffix("€éa", 2), "a");
  EXPECT_EQ(utf8_suffix("€éa", 3), "éa");
  EXPECT_EQ(utf8_suffix("€éa", 5), "éa");
  EXPECT_EQ(utf8_suffix("€éa", 9), "€éa");
  EXPECT_EQ(utf8_suffix(std::string(9, '\x80'), 6).size(), 3U) << "no text: as many as may belong to one sequence";
}

TEST(ValidUtf8, LeavesWhatIsValidAlone) { EXPECT_EQ(to_valid_utf8("käse \xF0\x9F\xA7\x80"), "käse \xF0\x9F\xA7\x80"); }

TEST(ValidUtf8, ReplacesEachByteThatIsNot) {
  const std::string mark = "\xEF\xBF\xBD";
  EXPECT_EQ(to_valid_utf8("a\xC3"), "a" + mark) << "cut off";
  EXPECT_EQ(to_valid_utf8("\xC0\xAF"), mark + mark) << "overlong";
  EXPECT_EQ(to_valid_utf8("\xED\xA0\x80"), mark + mark + mark) << "a surrogate";
  EXPECT_EQ(to_valid_utf8("\xF4\x90\x80\x80"), mark + mark + mark + mark) << "above U+10FFFF";
}

}  // namespace
}  // namespace base

#include "chatcore/retrieval/utf8.h"

#include <gtest/gtest.h>

namespace chatcore::retrieval {
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

TEST(Utf8, LowersTheAlphabetsThatHaveCase) {
  const auto lowered = [](char32_t value) { return to_lower(value); };
  EXPECT_EQ(lowered(U'Z'), U'z');
  EXPECT_EQ(lowered(U'Ä'), U'ä');
  EXPECT_EQ(lowered(U'Š'), U'š');
  EXPECT_EQ(lowered(U'Ž'), U'ž');
  EXPECT_EQ(lowered(U'Ł'), U'ł');
  EXPECT_EQ(lowered(U'Ω'), U'ω');
  EXPECT_EQ(lowered(U'Ж'), U'ж');
  EXPECT_EQ(lowered(U'Ё'), U'ё');
  EXPECT_EQ(lowered(U'×'), U'×');
  EXPECT_EQ(lowered(U'中'), U'中');
}

TEST(Utf8, FoldsWhatIsTypedInSeveralWays) {
  EXPECT_EQ(fold(U'é'), U'e');
  EXPECT_EQ(fold(U'ü'), U'u');
  EXPECT_EQ(fold(U'ÿ'), U'y');
  EXPECT_EQ(fold(U'ß'), U'ß');
  EXPECT_EQ(fold(U'æ'), U'æ');
  EXPECT_EQ(fold(0x64A), 0x6CCU);
  EXPECT_EQ(fold(0x643), 0x6A9U);
  EXPECT_EQ(fold(U'a'), U'a');
  EXPECT_EQ(fold(0x4E00), 0x4E00U);
}

TEST(Utf8, KnowsMarks) {
  EXPECT_TRUE(is_mark(0x301));
  EXPECT_TRUE(is_mark(0x654));
  EXPECT_FALSE(is_mark(U'e'));
  EXPECT_FALSE(is_mark(0x200C));  // parts words
}

TEST(Utf8, TellsWordsFromPunctuation) {
  for (const char32_t letter : {U'a', U'7', U'é', U'ж', U'中', U'ک'}) EXPECT_TRUE(is_word_character(letter));
  for (const char32_t sign : {U' ', U'.', U'_', U'-', U'…', U'“', U'€', U'。', U'×', U'؟', U'\xA0', U'\xFFFD'}) {
    EXPECT_FALSE(is_word_character(sign));
  }
}

}  // namespace
}  // namespace chatcore::retrieval

#include "chatcore/retrieval/letters.h"

#include <gtest/gtest.h>

namespace chatcore::retrieval {
namespace {

TEST(Letters, LowersTheAlphabetsThatHaveCase) {
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

TEST(Letters, FoldsWhatIsTypedInSeveralWays) {
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

TEST(Letters, KnowsMarks) {
  EXPECT_TRUE(is_mark(0x301));
  EXPECT_TRUE(is_mark(0x654));
  EXPECT_FALSE(is_mark(U'e'));
  EXPECT_FALSE(is_mark(0x200C));  // parts words
}

TEST(Letters, TellsWordsFromPunctuation) {
  for (const char32_t letter : {U'a', U'7', U'é', U'ж', U'中', U'ک'}) EXPECT_TRUE(is_word_character(letter));
  for (const char32_t sign : {U' ', U'.', U'_', U'-', U'…', U'“', U'€', U'。', U'×', U'؟', U'\xA0', U'\xFFFD'}) {
    EXPECT_FALSE(is_word_character(sign));
  }
}

}  // namespace
}  // namespace chatcore::retrieval

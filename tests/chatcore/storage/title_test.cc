#include "chatcore/storage/title.h"

#include <gtest/gtest.h>

namespace chatcore::storage {
namespace {

TEST(Title, IsAShortQuestionItself) { EXPECT_EQ(title_from("How are you?"), "How are you?"); }

TEST(Title, HasSingleSpacesForWhiteSpaceAndControls) { EXPECT_EQ(title_from("  a\n\n\tb \x01 c\x7f "), "a b c"); }

TEST(Title, OfNothingIsEmpty) {
  EXPECT_EQ(title_from(""), "");
  EXPECT_EQ(title_from(" \n "), "");
}

TEST(Title, HoldsEightyBytesAndNoMore) {
  EXPECT_EQ(title_from(std::string(80, 'x')), std::string(80, 'x'));
  EXPECT_EQ(title_from(std::string(81, 'x')), std::string(80, 'x'));
}

TEST(Title, IsCutBetweenWords) {
  const std::string words = std::string(70, 'x') + " yyyyy zzzzzzzzzz";
  EXPECT_EQ(title_from(words), std::string(70, 'x') + " yyyyy");
}

TEST(Title, CutsALongLastWordRatherThanLosingIt) {
  EXPECT_EQ(title_from("why " + std::string(100, 'x')), "why " + std::string(76, 'x'));
}

TEST(Title, IsNeverCutWithinACharacter) {
  std::string persian;
  for (int i = 0; i < 60; ++i) persian += "\xd8\xb3";  // two bytes each
  EXPECT_EQ(title_from("x" + persian).size(), 79U);
  EXPECT_EQ(title_from(persian).size(), 80U);
}

}  // namespace
}  // namespace chatcore::storage

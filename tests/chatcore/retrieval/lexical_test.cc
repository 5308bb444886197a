#include "chatcore/retrieval/lexical.h"

#include <algorithm>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "chatcore/retrieval/synonyms.h"

namespace chatcore::retrieval {
namespace {

using ::testing::Contains;
using ::testing::IsEmpty;
using ::testing::Not;

float match(std::string_view question, std::string_view text, std::span<const float> rarities = {}) {
  const auto terms = terms_of(text);
  return LexicalQuestion(question, rarities).match(terms, static_cast<float>(terms.size()));
}

TEST(Lexical, CountsEachWordOnceAndLeavesStopWordsOut) {
  const auto terms = terms_of("The cat and the cats sleep; a cat sleeps.");
  ASSERT_EQ(terms.size(), 2U);
  EXPECT_TRUE(std::is_sorted(terms.begin(), terms.end()));
  EXPECT_EQ((terms[0] & 0xFF) + (terms[1] & 0xFF), 5U);
}

TEST(Lexical, CountsNoFurtherThanABytesWorth) {
  std::string text;
  for (int i = 0; i < 1000; ++i) text += "cat ";
  const auto terms = terms_of(text);
  ASSERT_EQ(terms.size(), 1U);
  EXPECT_EQ(terms[0] & 0xFF, 255U);
}

TEST(Lexical, MatchesBetweenNothingAndAll) {
  EXPECT_EQ(match("ships", "cats sleep"), 0);
  EXPECT_GT(match("cats sleep", "cats sleep"), match("cats sleep", "cats hunt"));
  EXPECT_GT(match("cats", "cats cats cats"), match("cats", "cats sleep hunt"));
  EXPECT_LE(match("cats", std::string(4000, ' ') + "cats cats cats cats cats cats"), 1);
}

TEST(Lexical, AsksForRareWordsMore) {
  RarityCounter counter;
  for (const char* text : {"server disk", "server network", "server memory", "server jemalloc"}) {
    counter.add(terms_of(text));
  }
  const auto rarities = counter.rarities();
  EXPECT_GT(match("server jemalloc", "jemalloc", rarities), 3 * match("server jemalloc", "server", rarities));
}

TEST(Lexical, SaysNothingForAQuestionOfStopWords) {
  EXPECT_FALSE(LexicalQuestion("What is it?", {}).says_anything());
  EXPECT_FALSE(LexicalQuestion("", {}).says_anything());
  EXPECT_TRUE(LexicalQuestion("What are cats?", {}).says_anything());
}

TEST(Lexical, TakesAWordOfTheSameMeaningForLessThanTheWordItself) {
  EXPECT_GT(match("buy cats", "purchase of dogs"), 0);
  EXPECT_LT(match("buy cats", "purchase of dogs"), match("buy cats", "buy dogs"));
}

TEST(Synonyms, GoBothWaysAndNotToThemselves) {
  EXPECT_THAT(synonyms_of("buy"), Not(IsEmpty()));
  for (const std::string& synonym : synonyms_of("buy")) {
    EXPECT_NE(synonym, "buy");
    EXPECT_THAT(synonyms_of(synonym), Contains("buy")) << synonym;
  }
  EXPECT_THAT(synonyms_of("jemalloc"), IsEmpty());
}

}  // namespace
}  // namespace chatcore::retrieval

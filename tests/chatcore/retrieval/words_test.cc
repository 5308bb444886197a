#include "chatcore/retrieval/words.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace chatcore::retrieval {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(Words, AreLowerCaseAndWithoutPunctuation) {
  EXPECT_THAT(split_words("The `mem_limit` is 700m, isn't it?"),
              ElementsAre("the", "mem", "limit", "is", "700m", "isn", "t", "it"));
}

TEST(Words, AreFoundInOtherAlphabets) {
  EXPECT_THAT(split_words("Память — ПРОЦЕСС"), ElementsAre("память", "процесс"));
}

TEST(Words, AreTheSameHoweverTheyWereTyped) {
  EXPECT_THAT(split_words("Crème CRE\u0300ME"), ElementsAre("creme", "creme"));
  EXPECT_THAT(split_words("\u0643\u067E\u064A \u06A9\u067E\u06CC"),
              ElementsAre("\u06A9\u067E\u06CC", "\u06A9\u067E\u06CC"));
  EXPECT_THAT(split_words("\u0646\u0633\u062E\u0647\u0654"), ElementsAre("\u0646\u0633\u062E\u0647"));
}

TEST(Words, TakeEachIdeographAlone) { EXPECT_THAT(split_words("内存ok限"), ElementsAre("内", "存", "ok", "限")); }

TEST(Words, AreNoneInAnEmptyTextOrInMereSigns) {
  EXPECT_THAT(split_words(""), IsEmpty());
  EXPECT_THAT(split_words(" ... — \xFF\xFE"), IsEmpty());
}

TEST(Words, AreCutAtSixtyFourCodePoints) {
  std::string long_word;
  for (int i = 0; i < 65; ++i) long_word += "ж";
  const auto words = split_words(long_word + " b");
  EXPECT_THAT(words, ElementsAre(long_word.substr(0, 128), "b"));
}

TEST(Stem, BringsTheFormsOfAWordTogether) {
  EXPECT_EQ(stem("connections"), stem("connected"));
  EXPECT_EQ(stem("stopping"), stem("stopped"));
  EXPECT_EQ(stem("stopped"), stem("stops"));
  EXPECT_EQ(stem("memories"), stem("memory"));
  EXPECT_EQ(stem("caches"), stem("cache"));
  EXPECT_EQ(stem("cached"), stem("caching"));
  EXPECT_EQ(stem("configuration"), stem("configurations"));
}

TEST(Stem, LeavesShortWordsAndOtherAlphabetsAlone) {
  EXPECT_EQ(stem("cpu"), "cpu");
  EXPECT_EQ(stem("bus"), "bus");
  EXPECT_EQ(stem("string"), "string");
  EXPECT_EQ(stem("процессы"), "процессы");
  EXPECT_EQ(stem("cgroup2s"), "cgroup2s");
  EXPECT_EQ(stem(""), "");
}

TEST(Stem, KeepsDifferentWordsApart) {
  EXPECT_NE(stem("limit"), stem("limb"));
  EXPECT_NE(stem("metric"), stem("method"));
}

TEST(StopWords, AreTheOnesThatSayNothing) {
  for (const char* word : {"a", "the", "what", "does", "your", "please"}) EXPECT_TRUE(is_stop_word(word)) << word;
  for (const char* word : {"", "memory", "limit", "zero"}) EXPECT_FALSE(is_stop_word(word)) << word;
}

}  // namespace
}  // namespace chatcore::retrieval

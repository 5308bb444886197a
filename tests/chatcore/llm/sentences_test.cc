#include "chatcore/llm/sentences.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/utf8.h"

namespace chatcore::llm {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(Sentences, EndWithTheirMark) {
  EXPECT_THAT(split_sentences("It works. Does it? Yes! And so on"),
              ElementsAre("It works.", "Does it?", "Yes!", "And so on"));
}

TEST(Sentences, DoNotEndInsideANumberOrAName) {
  EXPECT_THAT(split_sentences("Give it 0.8 cores. See a.md for more."),
              ElementsAre("Give it 0.8 cores.", "See a.md for more."));
}

TEST(Sentences, GoOnOverALineBreak) {
  EXPECT_THAT(split_sentences("The first\nline breaks. Next"), ElementsAre("The first line breaks.", "Next"));
}

TEST(Sentences, EndWithAParagraph) {
  EXPECT_THAT(split_sentences("no mark\n\nnext one"), ElementsAre("no mark", "next one"));
}

TEST(Sentences, AreEachListItemAndTableRow) {
  EXPECT_THAT(split_sentences("- first\n- second\n12. third\n| a | b |\n|---|---|\n| c | d |"),
              ElementsAre("first", "second", "third", "a b", "c d"));
}

TEST(Sentences, AreNotHeadingsFencesAndRules) {
  EXPECT_THAT(split_sentences("# Title\n\n```cpp\n---\n===\n\nText."), ElementsAre("Text."));
}

TEST(Sentences, LoseTheMarksOfMarkdown) {
  EXPECT_THAT(split_sentences("> The **cap** is `700m`."), ElementsAre("The cap is 700m."));
}

TEST(Sentences, KnowTheWideMarks) {
  EXPECT_THAT(split_sentences("内存有限。重启！"), ElementsAre("内存有限。", "重启！"));
}

TEST(Sentences, AreNoneInNothing) {
  EXPECT_THAT(split_sentences(""), IsEmpty());
  EXPECT_THAT(split_sentences(" \n\n \t"), IsEmpty());
}

TEST(Shortened, LeavesWhatFits) {
  EXPECT_EQ(shortened("exactly ten", 11), "exactly ten");
  EXPECT_EQ(shortened("", 10), "");
}

TEST(Shortened, CutsAtAWordAndSaysSo) { EXPECT_EQ(shortened("one two three", 12), "one two…"); }

TEST(Shortened, CutsALongWordAtACodePoint) {
  const std::string cut = shortened("éééééééééé", 10);
  EXPECT_EQ(cut, "ééé…");
}

TEST(Shortened, HasNoControlBytes) { EXPECT_EQ(shortened("a\r\n\tb\x1B[0m\x7F", 50), "a b [0m "); }

TEST(Shortened, BoundsATextOfAnyLength) {
  const std::string long_text(1 << 20, ' ');
  EXPECT_LE(shortened("x" + long_text + "y", 20).size(), 20U);
}

TEST(CutAtWord, KeepsWholeWords) {
  EXPECT_EQ(cut_at_word("one two three", 13), "one two three");
  EXPECT_EQ(cut_at_word("one two three", 12), "one two");
  EXPECT_EQ(cut_at_word("one two three", 7), "one two");
  EXPECT_EQ(cut_at_word("one two three", 6), "one");
}

TEST(CutAtWord, CutsAWordThatIsMostOfTheText) { EXPECT_EQ(cut_at_word("a bcdefghijkl", 10), "a bcdefghi"); }

}  // namespace
}  // namespace chatcore::llm

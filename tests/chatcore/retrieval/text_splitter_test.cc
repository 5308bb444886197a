#include "chatcore/retrieval/text_splitter.h"

#include <random>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/utf8.h"

namespace chatcore::retrieval {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::size_t code_points(std::string_view text) {
  std::size_t count = 0;
  for (std::size_t at = 0; at < text.size(); at = base::forward_code_points(text, at, 1)) ++count;
  return count;
}

TEST(Splitter, KeepsATextThatFitsWhole) {
  const std::string text(1000, 'x');
  EXPECT_THAT(split_text(text, {}), ElementsAre(text));
}

TEST(Splitter, CutsATextThatIsOneTooLong) {
  const std::string text(1001, 'x');
  EXPECT_THAT(split_text(text, {}), ElementsAre(std::string(1000, 'x'), std::string(201, 'x')));
}

TEST(Splitter, FindsNothingInNothing) {
  EXPECT_THAT(split_text("", {}), IsEmpty());
  EXPECT_THAT(split_text(" \n\t\r\n ", {}), IsEmpty());
}

TEST(Splitter, TrimsWhiteSpaceAtTheEnds) { EXPECT_THAT(split_text("\n\n a b \n", {}), ElementsAre("a b")); }

TEST(Splitter, PrefersTheEndOfAParagraph) {
  EXPECT_THAT(split_text("One two. Three.\n\nFour five\nsix. Seven eight", {30, 0}),
              ElementsAre("One two. Three.", "Four five\nsix. Seven eight"));
}

TEST(Splitter, ElseTheEndOfALine) {
  EXPECT_THAT(split_text("one two three\nfour. five six seven", {22, 0}),
              ElementsAre("one two three", "four. five six seven"));
}

TEST(Splitter, ElseTheEndOfASentence) {
  EXPECT_THAT(split_text("One two three. Four five six", {22, 0}), ElementsAre("One two three.", "Four five six"));
}

TEST(Splitter, ElseTheEndOfAWord) {
  EXPECT_THAT(split_text("alpha beta gamma delta", {12, 0}), ElementsAre("alpha beta", "gamma delta"));
}

// An early break would make chunks too small to say anything.
TEST(Splitter, DoesNotBreakInTheFirstHalf) {
  EXPECT_THAT(split_text("a\n\nbcdefghijklmnopqrst", {10, 0}), ElementsAre("a\n\nbcdefgh", "ijklmnopqr", "st"));
}

TEST(Splitter, RepeatsTheEndOfTheChunkBefore) {
  EXPECT_THAT(split_text("alpha beta gamma delta epsilon", {18, 7}),
              ElementsAre("alpha beta gamma", "gamma delta", "delta epsilon"));
}

TEST(Splitter, BeginsARepeatWithAWholeSentenceWhenItCan) {
  const auto chunks = split_text("Alpha beta gamma. Delta two. Epsilon zeta eta", {34, 16});
  EXPECT_THAT(chunks, ElementsAre("Alpha beta gamma. Delta two.", "Delta two. Epsilon zeta eta"));
}

TEST(Splitter, CountsCodePointsAndNotBytes) {
  std::string text;
  for (int i = 0; i < 10; ++i) text += "😀";
  EXPECT_EQ(split_text(text, {10, 0}).size(), 1U);
  EXPECT_THAT(split_text(text, {6, 0}), ElementsAre("😀😀😀😀😀😀", "😀😀😀😀"));
}

TEST(Splitter, KnowsTheFullStopOfUnspacedScripts) {
  EXPECT_THAT(split_text("内存有限。进程重启", {7, 0}), ElementsAre("内存有限。", "进程重启"));
}

TEST(Splitter, TakesBytesThatAreNoText) {
  const std::string bytes(25, '\xFF');
  EXPECT_EQ(split_text(bytes, {10, 2}).size(), 3U);
}

TEST(Splitter, EndsWithAnyOptions) {
  for (const std::size_t size : {0U, 1U, 2U, 3U}) {
    for (const std::size_t overlap : {0U, 1U, 1000U}) EXPECT_FALSE(split_text("ab cd\n\nef", {size, overlap}).empty());
  }
}

// Random texts of hard pieces: whatever they look like, these hold.
TEST(Splitter, NeitherLosesNorCutsNorExceeds) {
  const auto seed = std::random_device()();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  const std::string_view pieces[] = {"a", "word", " ", "\n", "\n\n", ". ", "é", "€", "😀", "\r\n", "。", "\t"};
  for (int round = 0; round < 200; ++round) {
    std::string text;
    const std::size_t length = random() % 400;
    for (std::size_t i = 0; i < length; ++i) text += pieces[random() % std::size(pieces)];
    const SplitOptions options{5 + random() % 60, random() % 20};
    std::size_t covered = 0;  // everything before it is in a chunk or white space
    for (const std::string_view chunk : split_text(text, options)) {
      const auto begin = static_cast<std::size_t>(chunk.data() - text.data());
      if (begin > covered) {
        const std::string_view gap = std::string_view(text).substr(covered, begin - covered);
        ASSERT_EQ(gap.find_first_not_of(" \t\r\n"), std::string_view::npos) << "lost: " << gap;
      }
      ASSERT_TRUE(base::is_valid_utf8(chunk));
      ASSERT_LE(code_points(chunk), options.chunk_size);
      ASSERT_GT(begin + chunk.size(), covered) << "a chunk that says nothing new";
      covered = begin + chunk.size();
    }
    ASSERT_EQ(text.find_first_not_of(" \t\r\n", covered), std::string::npos);
  }
}

}  // namespace
}  // namespace chatcore::retrieval

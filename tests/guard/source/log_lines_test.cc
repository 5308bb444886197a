#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "guard/source/log/lines.h"

namespace guard::source {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class Lines {
 public:
  explicit Lines(std::size_t limit = LineSplitter::kMaxLineBytes) : splitter(limit) {}
  void feed(std::string_view chunk) {
    splitter.feed(chunk, [&](std::string_view line) { seen.emplace_back(line); });
  }
  void finish() {
    splitter.finish([&](std::string_view line) { seen.emplace_back(line); });
  }
  LineSplitter splitter;
  std::vector<std::string> seen;
};

TEST(LineSplitter, HandsOnOneLineAtATime) {
  Lines lines;
  lines.feed("one\ntwo\r\n\nfour\n");
  EXPECT_THAT(lines.seen, ElementsAre("one", "two", "", "four"));
}

TEST(LineSplitter, GivesTheSameLinesHoweverTheChunksAreCut) {
  const std::string text = "one\r\ntwo\n\nthree\r\n";
  for (std::size_t size = 1; size <= text.size(); ++size) {
    Lines lines;
    for (std::size_t at = 0; at < text.size(); at += size) lines.feed(std::string_view(text).substr(at, size));
    EXPECT_THAT(lines.seen, ElementsAre("one", "two", "", "three")) << size;
  }
}

TEST(LineSplitter, KeepsALineUntilItsEnd) {
  Lines lines;
  lines.feed("begun");
  EXPECT_THAT(lines.seen, IsEmpty());
  lines.feed(" and ended\n");
  EXPECT_THAT(lines.seen, ElementsAre("begun and ended"));
}

TEST(LineSplitter, HandsOnTheUnendedLineAtTheEnd) {
  Lines lines;
  lines.feed("last words");
  lines.finish();
  lines.finish();
  EXPECT_THAT(lines.seen, ElementsAre("last words"));
}

TEST(LineSplitter, LeavesALineOfExactlyTheLimitWhole) {
  Lines lines(4);
  lines.feed("abcd\nxy\n");
  EXPECT_THAT(lines.seen, ElementsAre("abcd", "xy"));
  EXPECT_EQ(lines.splitter.cut_lines(), 0u);
}

TEST(LineSplitter, CutsALineOverTheLimitAndDropsItsRest) {
  for (std::size_t size = 1; size <= 9; ++size) {
    Lines lines(4);
    const std::string_view text = "abcdefgh\nxy\n";
    for (std::size_t at = 0; at < text.size(); at += size) lines.feed(text.substr(at, size));
    EXPECT_THAT(lines.seen, ElementsAre("abcd", "xy")) << size;
    EXPECT_EQ(lines.splitter.cut_lines(), 1u) << size;
  }
}

TEST(LineSplitter, PassesNulAndInvalidBytesOn) {
  using namespace std::string_literals;
  Lines lines;
  lines.feed("a\0b\xff\n"s);
  EXPECT_THAT(lines.seen, ElementsAre("a\0b\xff"s));
}

}  // namespace
}  // namespace guard::source

#include "base/bounded_lines.h"

#include <sstream>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace base {
namespace {

using testing::ElementsAre;

std::vector<std::string> lines_of(const std::string& text, std::size_t most, std::size_t wanted = 100) {
  std::istringstream in(text);
  std::vector<std::string> lines;
  for_each_line(in, most, [&](const std::string& line) {
    lines.push_back(line);
    return lines.size() < wanted;
  });
  return lines;
}

TEST(BoundedLines, AreTheLines) {
  EXPECT_THAT(lines_of("a\n\nbc\nd", 10), ElementsAre("a", "", "bc", "d"));
  EXPECT_THAT(lines_of("", 10), ElementsAre());
}

TEST(BoundedLines, AreCutAtTheBoundAndGoOnWithTheNext) {
  EXPECT_THAT(lines_of(std::string(1'000'000, 'x') + "\nnext\n", 4), ElementsAre("xxxx", "next"));
}

TEST(BoundedLines, EndWhenNoMoreAreWanted) { EXPECT_THAT(lines_of("a\nb\nc\n", 10, 2), ElementsAre("a", "b")); }

}  // namespace
}  // namespace base

#include <gtest/gtest.h>

#include "guard/source/log/text.h"

namespace guard::source {
namespace {

using std::string_literals::operator""s;

std::string clean(std::string_view line) {
  std::string buffer = "left from the line before";
  return std::string(clean_log_line(line, buffer));
}

TEST(LogText, OfACleanLineIsTheLineItself) {
  std::string buffer;
  const std::string line = "12:00 \u00dcber 7 caf\u00e9s \u2713 \U0001f600 cleaned up\t";
  EXPECT_EQ(clean_log_line(line, buffer).data(), line.data());
  EXPECT_EQ(buffer.capacity(), std::string().capacity()) << "nothing is allocated";
  EXPECT_EQ(clean(""), "");
}

TEST(LogText, HasNoColours) {
  EXPECT_EQ(clean("\x1b[32mINFO\x1b[0m Cleaned \x1b[1;38;5;208mup 7\x1b[m old"), "INFO Cleaned up 7 old");
  EXPECT_EQ(clean("\x1b[38:2::255:0:0mred\x1b[?25h\x1b[2K\x1b[1 q."), "red.");
}

TEST(LogText, HasNoTitlesAndLinksButTheirText) {
  EXPECT_EQ(clean("\x1b]0;a title\aCleaned up 7"), "Cleaned up 7");
  EXPECT_EQ(clean("see \x1b]8;;http://example.org\x1b\\the page\x1b]8;;\x1b\\ now"), "see the page now");
  EXPECT_EQ(clean("\x1bPq#0;2\x1b\\\x1b_app\x1b\\\x1b^pm\x1b\\\x1bXsos\x1b\\text"), "text");
}

TEST(LogText, HasNoOtherEscapes) {
  EXPECT_EQ(clean("\x1b(B\x1b[mCleaned\x1b= up\x1b"
                  "7 7\x1b"
                  "c"),
            "Cleaned up 7");
}

TEST(LogText, HasNoControlsWrittenInUtf8) {
  EXPECT_EQ(clean("\xc2\x9b"
                  "31mCleaned\xc2\x9b"
                  "0m up \xc2\x9d"
                  "0;title\xc2\x9c"
                  "7\xc2\x85"),
            "Cleaned up 7");
}

TEST(LogText, HasNoCarriageReturnsNulBytesAndByteOrderMarks) {
  EXPECT_EQ(clean("\0\0\xef\xbb\xbf"
                  "Cle\0aned\r up 7\r"s),
            "Cleaned up 7");
}

TEST(LogText, OfASequenceThatIsCutShortIsWhatStoodBefore) {
  EXPECT_EQ(clean("Cleaned up 7\x1b"), "Cleaned up 7");
  EXPECT_EQ(clean("Cleaned up 7\x1b["), "Cleaned up 7");
  EXPECT_EQ(clean("Cleaned up 7\x1b[1;3"), "Cleaned up 7");
  EXPECT_EQ(clean("Cleaned up 7\x1b("), "Cleaned up 7");
  EXPECT_EQ(clean("Cleaned up 7\xc2\x9b"
                  "3"),
            "Cleaned up 7");
}

TEST(LogText, OfAStringWithoutAnEndKeepsTheText) {
  EXPECT_EQ(clean("\x1b]Cleaned up 7"), "Cleaned up 7");
  EXPECT_EQ(clean("\x1b]0;Cleaned up 7\x1b"), "0;Cleaned up 7");
}

TEST(LogText, GoesOnWithTheByteThatBreaksASequence) {
  EXPECT_EQ(clean("\x1b[3\u00e9"), "\u00e9");
  EXPECT_EQ(clean("\x1b\u00e9"), "\u00e9");
  EXPECT_EQ(clean("\x1b\x1b[31mred"), "red");
  EXPECT_EQ(clean("\x1b[31\x1b[32mgreen"), "green");
}

TEST(LogText, KeepsBytesThatAreNotUtf8) {
  EXPECT_EQ(clean("\xff\xc2 \xef\xbb x\xc2"), "\xff\xc2 \xef\xbb x\xc2");
  EXPECT_EQ(clean("\xc3\x9b\xe2\x82\x9b"), "\xc3\x9b\xe2\x82\x9b") << "0x9b inside a character is no control";
}

}  // namespace
}  // namespace guard::source

#include "base/terminal_text.h"

#include <gtest/gtest.h>

namespace base {
namespace {

TEST(TerminalText, KeepsWhatIsPrintable) {
  EXPECT_EQ(terminal_text("web-1 \u00dcber \u65e5\u672c \U0001f600"), "web-1 \u00dcber \u65e5\u672c \U0001f600");
}

TEST(TerminalText, EscapesWhatSteersATerminal) {
  EXPECT_EQ(terminal_text("a\x1b[2Jb\a\r\n\t\x7f"), R"(a\x1b[2Jb\x07\x0d\x0a\x09\x7f)");
  EXPECT_EQ(terminal_text("\u009b31m\u0085"), R"(\x9b31m\x85)");
  EXPECT_EQ(terminal_text(std::string("\0", 1)), R"(\x00)");
}

TEST(TerminalText, EscapesWhatTurnsTheDirectionOfText) {
  EXPECT_EQ(terminal_text("a\u202eb\u2066c\u2069\u200f\u061c\u2028"), R"(a\u202eb\u2066c\u2069\u200f\u061c\u2028)");
}

TEST(TerminalText, EscapesBytesThatAreNotUtf8) {
  EXPECT_EQ(terminal_text("\xff\xc2 \xe2\x82 \xc0\x80 \xed\xa0\x80 \xf4\x90\x80\x80"),
            R"(\xff\xc2 \xe2\x82 \xc0\x80 \xed\xa0\x80 \xf4\x90\x80\x80)");
}

TEST(TerminalJson, StaysTheSameDocument) {
  EXPECT_EQ(terminal_json("{\n\t\"a\": \"\u009b1m \u202e \\u001b \x7f \u00dc\"\n}"),
            "{\n\t\"a\": \"\\u009b1m \\u202e \\u001b \\u007f \u00dc\"\n}");
  EXPECT_EQ(terminal_json("\"\xff\""), R"("\ufffd")");
}

TEST(TerminalLines, KeepTheirEnds) { EXPECT_EQ(terminal_lines("a\n\tb\x1b\n"), "a\n\tb\\x1b\n"); }

}  // namespace
}  // namespace base

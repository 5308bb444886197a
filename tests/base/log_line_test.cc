#include "base/log_line.h"

#include <cmath>
#include <limits>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace base {
namespace {

using testing::EndsWith;

std::string logfmt(const LogField& field) {
  return logfmt_line(LogLevel::info, "m", {field}).substr(std::string("level=info msg=\"m\" ").size());
}

std::string json(const LogField& field) {
  const auto line = json_line_tail(LogLevel::info, "m", {field});
  const auto before = std::string(R"("level":"info","msg":"m",)").size();
  return line.substr(before, line.size() - before - 1);
}

TEST(Logfmt, HasLevelMessageAndFields) {
  EXPECT_EQ(logfmt_line(LogLevel::warning, "near its cap", {{"workload", "web"}, {"memory_bytes", 1048576}}),
            R"(level=warning msg="near its cap" workload=web memory_bytes=1048576)");
}

TEST(Logfmt, QuotesOnlyWhatWouldBeAmbiguous) {
  EXPECT_EQ(logfmt({"k", "plain/value:1"}), "k=plain/value:1");
  EXPECT_EQ(logfmt({"k", "two words"}), R"(k="two words")");
  EXPECT_EQ(logfmt({"k", "a=b"}), R"(k="a=b")");
  EXPECT_EQ(logfmt({"k", ""}), R"(k="")");
}

TEST(Logfmt, EscapesWhatCouldForgeALineOrAField) {
  EXPECT_EQ(logfmt({"k", "a\nlevel=error"}), R"(k="a\nlevel=error")");
  EXPECT_EQ(logfmt({"k", "say \"hi\" \\o/"}), R"(k="say \"hi\" \\o/")");
  EXPECT_EQ(logfmt({"k", "\r\t"}), R"(k="\r\t")");
}

TEST(Logfmt, EscapesTerminalControlsOfBothKinds) {
  EXPECT_EQ(logfmt({"k", "\x1b[31m"}), R"(k="\u001b[31m")");
  EXPECT_EQ(logfmt({"k",
                    "\xc2\x9b"
                    "31m"}),
            R"(k="\u009b31m")");
  EXPECT_EQ(logfmt({"k", "\x7f"}), R"(k="\u007f")");
  EXPECT_EQ(logfmt({"k", std::string("a\0b", 3)}), R"(k="a\u0000b")");
}

TEST(Logfmt, EscapesWhatTurnsTheDirectionOfText) {
  EXPECT_EQ(logfmt({"k", "a\u202eb\u2066"}), R"(k="a\u202eb\u2066")");
}

TEST(Logfmt, LeavesUtf8AsItIs) {
  EXPECT_EQ(logfmt({"k", "größe"}), "k=größe");
  EXPECT_EQ(logfmt({"k", "\xc2\xa0"}), "k=\xc2\xa0");  // the first after the C1 controls
  EXPECT_EQ(logfmt({"k", "\xf4\x8f\xbf\xbf"}), "k=\xf4\x8f\xbf\xbf");
}

TEST(Logfmt, EscapesBytesThatAreNotUtf8) {
  EXPECT_EQ(logfmt({"k", "\xff"}), R"(k="\ufffd")");
  EXPECT_EQ(logfmt({"k", "\xc3"}), R"(k="\ufffd")");                      // cut short
  EXPECT_EQ(logfmt({"k", "\xc0\xaf"}), R"(k="\ufffd\ufffd")");            // overlong
  EXPECT_EQ(logfmt({"k", "\xed\xa0\x80"}), R"(k="\ufffd\ufffd\ufffd")");  // a surrogate
  EXPECT_EQ(logfmt({"k", "\xf4\x90\x80\x80"}), R"(k="\ufffd\ufffd\ufffd\ufffd")");
}

TEST(Logfmt, KeepsAWrongKeyFromBreakingTheLine) {
  EXPECT_EQ(logfmt({"a b=\"", "v"}), "a_b__=v");
  EXPECT_EQ(logfmt({"", "v"}), "_=v");
}

TEST(Json, HasLevelMessageAndFields) {
  EXPECT_EQ(json_line_tail(LogLevel::error, "gone", {{"workload", "web"}, {"memory_bytes", 7}, {"leaking", true}}),
            R"("level":"error","msg":"gone","workload":"web","memory_bytes":7,"leaking":true})");
}

TEST(Json, LeavesOnlyNumbersOfTheFormatBare) {
  EXPECT_EQ(json({"k", 0.5}), R"("k":0.5)");
  EXPECT_EQ(json({"k", -3}), R"("k":-3)");
  EXPECT_EQ(json({"k", 1e300}), R"("k":1e+300)");
  EXPECT_EQ(json({"k", std::numeric_limits<double>::infinity()}), R"("k":"inf")");
  EXPECT_EQ(json({"k", std::nan("")}), R"("k":"nan")");
  EXPECT_EQ(json({"k", "7"}), R"("k":"7")");
}

TEST(Json, EscapesKeysAndValues) { EXPECT_EQ(json({"a\"b", "c\nd\xff"}), R"("a\"b":"c\nd\ufffd")"); }

TEST(LogLine, CutsALongValueAndSaysSo) {
  EXPECT_EQ(logfmt({"k", std::string(kMaxLogValueBytes, 'x')}), "k=" + std::string(kMaxLogValueBytes, 'x'));
  EXPECT_EQ(logfmt({"k", std::string(kMaxLogValueBytes + 1, 'x')}), "k=" + std::string(kMaxLogValueBytes, 'x') + "...");
}

TEST(LogLine, NeverExceedsItsBound) {
  const std::string full(kMaxLogValueBytes, 'x');
  const auto text = logfmt_line(LogLevel::info, full, {{"a", full}, {"b", full}, {"c", full}, {"d", 1}});
  EXPECT_LE(text.size(), kMaxLogLineBytes);
  EXPECT_THAT(text, EndsWith(" truncated=true"));
  const auto object = json_line_tail(LogLevel::info, full, {{"a", full}, {"b", full}, {"c", full}, {"d", 1}});
  EXPECT_LE(object.size(), kMaxLogLineBytes);
  EXPECT_THAT(object, EndsWith(R"(,"truncated":true})"));
}

TEST(LogLine, IsWholeWhenItFits) {
  const std::string large(1000, 'x');
  EXPECT_THAT(logfmt_line(LogLevel::info, "m", {{"a", large}, {"b", large}, {"c", large}}), EndsWith("xxx"));
}

}  // namespace
}  // namespace base

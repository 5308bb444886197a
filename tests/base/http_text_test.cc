#include "base/http_text.h"

#include <string>

#include <gtest/gtest.h>

namespace base {
namespace {

TEST(PercentDecoded, ReplacesEscapesOfEitherCase) {
  EXPECT_EQ(percent_decoded("a%20b%2Fc%2f"), "a b/c/");
  EXPECT_EQ(percent_decoded("%C3%A9"), "\xc3\xa9");
  EXPECT_EQ(percent_decoded("100%25"), "100%");
  EXPECT_EQ(percent_decoded(""), "");
}

TEST(PercentDecoded, DecodesOnce) { EXPECT_EQ(percent_decoded("%2541"), "%41"); }

TEST(PercentDecoded, RefusesBrokenEscapes) {
  for (const auto* text : {"%", "%4", "a%", "%zz", "%4g", "%g4", "% 1", "%-1"}) {
    EXPECT_FALSE(percent_decoded(text)) << text;
  }
}

TEST(PercentDecoded, RefusesNul) {
  EXPECT_FALSE(percent_decoded("a%00b"));
  EXPECT_FALSE(percent_decoded(std::string_view("a\0b", 3)));
  EXPECT_TRUE(percent_decoded("a%01b"));
}

TEST(ParseTarget, PartsPathAndQuery) {
  const auto target = parse_target("/a%20b/c?x=1&y=%20?");
  ASSERT_TRUE(target);
  EXPECT_EQ(target->path, "/a b/c");
  EXPECT_EQ(target->query, "x=1&y=%20?");
  EXPECT_EQ(parse_target("/")->path, "/");
  EXPECT_EQ(parse_target("/?")->query, "");
}

TEST(ParseTarget, TakesAnAbsoluteUrl) {
  EXPECT_EQ(parse_target("http://host:80/a?b")->path, "/a");
  EXPECT_EQ(parse_target("HTTPS://host/a")->path, "/a");
}

TEST(ParseTarget, RefusesWhatNamesNoPath) {
  for (const auto* target : {"", "*", "a", "host:80", "http://", "http:///a", "http://host", "http://host?a", "?a=b"}) {
    EXPECT_FALSE(parse_target(target)) << target;
  }
}

TEST(ParseTarget, RefusesFragmentsSpacesAndControls) {
  for (const auto* target : {"/a#b", "/a b", "/a\nb", "/a\x7f", "/a%00", "/a%4"}) {
    EXPECT_FALSE(parse_target(target)) << target;
  }
}

TEST(FindQueryValue, FindsTheFirstOfTheName) {
  EXPECT_EQ(find_query_value("a=1&b=2&b=3", "b"), "2");
  EXPECT_EQ(find_query_value("ab=1&b=2", "b"), "2");
}

TEST(FindQueryValue, DecodesNamesAndValues) {
  EXPECT_EQ(find_query_value("conversation%49d=a+b%2B", "conversationId"), "a b+");
}

TEST(FindQueryValue, IsEmptyWhenThereIsNone) {
  EXPECT_EQ(find_query_value("", "a"), "");
  EXPECT_EQ(find_query_value("a", "a"), "");
  EXPECT_EQ(find_query_value("a=", "a"), "");
  EXPECT_EQ(find_query_value("b=1", "a"), "");
  EXPECT_EQ(find_query_value("a=%zz", "a"), "");
  EXPECT_EQ(find_query_value("&&&", "a"), "");
}

TEST(IsSameName, LooksPastCaseAndNothingElse) {
  EXPECT_TRUE(is_same_name("Content-Length", "content-length"));
  EXPECT_TRUE(is_same_name("", ""));
  EXPECT_FALSE(is_same_name("Content-Length", "content-lengt"));
  EXPECT_FALSE(is_same_name("Content_Length", "content-length"));
  EXPECT_FALSE(is_same_name("\xC4", "\xE4"));  // letters of ASCII only
}

TEST(FindHeader, FindsByLowerCaseName) {
  const HttpHeaders headers{{"host", "h"}, {"x", "1"}, {"x", "2"}};
  EXPECT_EQ(find_header(headers, "x"), "1");
  EXPECT_EQ(find_header(headers, "y"), "");
}

TEST(IsSafeHeader, RefusesWhatWouldSplitTheResponse) {
  EXPECT_TRUE(is_safe_header("Content-Type", "text/plain;\tcharset=utf-8"));
  EXPECT_FALSE(is_safe_header("X", "a\r\nSet-Cookie: b"));
  EXPECT_FALSE(is_safe_header("X", "a\nb"));
  EXPECT_FALSE(is_safe_header("X: y\r\nZ", "a"));
  EXPECT_FALSE(is_safe_header("", "a"));
}

TEST(ReasonPhrase, IsEmptyForACodeWithout) {
  EXPECT_EQ(reason_phrase(404), "Not Found");
  EXPECT_EQ(reason_phrase(299), "");
}

}  // namespace
}  // namespace base

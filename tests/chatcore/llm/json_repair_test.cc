#include "chatcore/llm/json_repair.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace chatcore::llm {
namespace {

// The pieces as repair_json() shows them inside a string, put together.
std::string joined(const std::vector<std::string>& pieces) {
  CharacterJoiner joiner;
  std::string text;
  for (const auto& piece : pieces) {
    const std::string mended = repair_json("\"" + piece + "\"");
    text += joiner.join(std::string_view(mended).substr(1, mended.size() - 2), true);
  }
  return text + joiner.rest();
}

TEST(JsonRepair, LeavesValidJsonUnchanged) {
  for (const char* text : {R"({"a":"NaN \"Infinity\" \\ \n é 😀 \ud83d\ude00","b":[1,null]})", "", "{", R"("\u00e9")"}) {
    EXPECT_EQ(repair_json(text), text);
  }
}

TEST(JsonRepair, NanAndInfinitiesBecomeNull) {
  EXPECT_EQ(repair_json(R"({"a":NaN,"b":[-Infinity,Infinity]})"), R"({"a":null,"b":[null,null]})");
}

TEST(JsonRepair, RawControlCharactersAreEscaped) {
  EXPECT_EQ(repair_json("{\n\"a\":\"b\nc\"}"), "{\n\"a\":\"b\\u000ac\"}");
}

TEST(CharacterJoiner, JoinsHalves) {
  EXPECT_EQ(joined({R"(Hi \ud83d)", R"(\ude00!)"}), "Hi 😀!");
  EXPECT_EQ(joined({"Hi \xF0\x9F", "\x98\x80!"}), "Hi 😀!");
  EXPECT_EQ(joined({"\xF0", "\x9F", "", "\x98", "\x80"}), "😀");
  EXPECT_EQ(joined({R"(\uD83D)", R"(\uDE00\ud83d)", R"(\ude00)"}), "😀😀");
}

TEST(CharacterJoiner, AHalfWithoutTheOtherIsReplaced) {
  EXPECT_EQ(joined({R"(a\ud83d)", "b"}), "a\uFFFDb");
  EXPECT_EQ(joined({R"(a\ude00b)"}), "a\uFFFDb");
  EXPECT_EQ(joined({R"(a\ud83d)"}), "a\uFFFD");
  EXPECT_EQ(joined({R"(\ud83d\ud83d)", R"(\ude00)"}), "\uFFFD😀");
  EXPECT_EQ(joined({"a\xF0\x9F", "b"}), "a\uFFFDb");
  EXPECT_EQ(joined({"\x80\xFF"}), "\uFFFD\uFFFD");
  EXPECT_EQ(joined({"\xF0\x9F\xC3", "\xA9"}), "\uFFFDé");
  EXPECT_EQ(joined({"\xF0\x9F", R"(\ud83d)"}), "\uFFFD\uFFFD");
}

TEST(CharacterJoiner, APieceOfValidJsonEndsAHalf) {
  CharacterJoiner joiner;
  EXPECT_EQ(joiner.join(repair_json(R"("\ud83d")").substr(1, 4), true), "");
  EXPECT_EQ(joiner.join("", false), "");
  EXPECT_EQ(joiner.join("b", false), "\uFFFDb");
}

}  // namespace
}  // namespace chatcore::llm

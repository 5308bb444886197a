#include "chatcore/api/requests.h"

#include <string>

#include <gtest/gtest.h>

namespace chatcore::api {
namespace {

std::string code_of(std::string_view body) {
  const auto parsed = parse_assistant_request(body);
  return parsed ? "" : parsed.error().code;
}

std::string nested(int depth) {
  return R"({"message":"a","x":)" + std::string(static_cast<std::size_t>(depth), '[') +
         std::string(static_cast<std::size_t>(depth), ']') + "}";
}

TEST(AssistantRequest, TakesAMessageWithAndWithoutAnId) {
  const auto without = parse_assistant_request(R"({"message":"Hello"})");
  ASSERT_TRUE(without);
  EXPECT_EQ(without->message, "Hello");
  EXPECT_EQ(without->conversation_id, "");
  const auto with = parse_assistant_request(R"({"message":"Hello","conversationId":"c1","more":true})");
  ASSERT_TRUE(with);
  EXPECT_EQ(with->conversation_id, "c1");
  EXPECT_TRUE(parse_assistant_request(R"({"message":"Hello","conversationId":null})"));
}

TEST(AssistantRequest, AnIdThatIsGivenMustBeOne) {
  EXPECT_EQ(code_of(R"({"message":"a","conversationId":""})"), "invalid_conversation_id");
  EXPECT_EQ(code_of(R"({"message":"a","conversationId":"\n"})"), "invalid_conversation_id");
  EXPECT_EQ(code_of(R"({"message":"a","conversationId":1})"), "invalid_type");
}

TEST(AssistantRequest, RefusesWhatIsNoJson) {
  for (const char* body : {"", "{", "null", "[1]", "\"x\"", "{\"message\":\"a\"}}", "\xEF\xBB\xBF"}) {
    EXPECT_EQ(code_of(body), "invalid_json") << body;
  }
}

TEST(AssistantRequest, NestsUpToTheBoundAndNoDeeper) {
  EXPECT_EQ(code_of(nested(31)), "");
  EXPECT_EQ(code_of(nested(32)), "invalid_json");
  EXPECT_EQ(code_of(std::string(1 << 20, '[')), "invalid_json");
}

TEST(AssistantRequest, BracketsAndQuotesInsideAStringAreText) {
  EXPECT_EQ(code_of(R"({"message":")" + std::string(100, '[') + R"(\"[\\"})"), "");
}

TEST(AssistantRequest, RefusesTextThatStorageCouldNotKeep) {
  EXPECT_EQ(code_of(R"({"message":"a\u0000"})"), "invalid_text");
  EXPECT_EQ(code_of(R"({"message":"\ud800"})"), "invalid_json");
  EXPECT_EQ(code_of(R"({"message":"\udc00\ud800"})"), "invalid_json");
  EXPECT_EQ(code_of("{\"message\":\"\xC0\xAF\"}"), "invalid_json");
  EXPECT_EQ(code_of("{\"message\":\"\xED\xA0\x80\"}"), "invalid_json");
  EXPECT_EQ(code_of(R"({"message":"\ud83d\ude00"})"), "");
}

TEST(AssistantRequest, RefusesAMessageOfSpaceAlone) { EXPECT_EQ(code_of(R"({"message":" \t\n"})"), "invalid_value"); }

TEST(ConversationId, LengthIsOneTo128Bytes) {
  EXPECT_TRUE(check_conversation_id(""));
  EXPECT_FALSE(check_conversation_id("a"));
  EXPECT_FALSE(check_conversation_id(std::string(128, 'a')));
  EXPECT_TRUE(check_conversation_id(std::string(129, 'a')));
}

TEST(ConversationId, ControlCharactersAreRefusedAndTheirNeighboursTaken) {
  EXPECT_TRUE(check_conversation_id("a\x1F"));
  EXPECT_FALSE(check_conversation_id("a b"));
  EXPECT_TRUE(check_conversation_id("\x7F"));
  EXPECT_TRUE(check_conversation_id("\xC2\x80"));
  EXPECT_TRUE(check_conversation_id("\xC2\x9F"));
  EXPECT_FALSE(check_conversation_id("\xC2\xA0"));
  EXPECT_TRUE(check_conversation_id(std::string("a\0b", 3)));
}

TEST(ConversationId, MustBeUtf8) {
  EXPECT_FALSE(check_conversation_id("گفتگو"));
  EXPECT_TRUE(check_conversation_id("\xFF"));
  EXPECT_TRUE(check_conversation_id("a\xC3"));
}

TEST(ShedRequest, TakesOneTarget) {
  EXPECT_EQ(parse_shed_request(R"({"target_bytes":1048576})")->target_bytes, base::mebibytes(1));
  EXPECT_EQ(parse_shed_request(R"({"target_ratio":0.7})")->target_ratio, base::Ratio{0.7});
  EXPECT_EQ(parse_shed_request(R"({"target_ratio":1})")->target_ratio, base::Ratio{1});
}

TEST(ShedRequest, RefusesNoneBothAndImpossibleOnes) {
  for (const char* body : {"{}", R"({"target_bytes":1,"target_ratio":1})", R"({"target_bytes":-1})",
                           R"({"target_bytes":1.5})", R"({"target_bytes":1e300})", R"({"target_ratio":1.01})",
                           R"({"target_ratio":-0.01})", R"({"target_ratio":"70%"})"}) {
    EXPECT_FALSE(parse_shed_request(body)) << body;
  }
}

}  // namespace
}  // namespace chatcore::api

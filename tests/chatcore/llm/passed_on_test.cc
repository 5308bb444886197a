#include "chatcore/llm/passed_on.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace chatcore::llm {
namespace {

const std::string kImage = R"({"type":"image_url","image_url":{"url":"data:x"}})";

std::string text_part(const std::string& text) { return R"({"type":"text","text":")" + text + R"("})"; }
std::string message(const std::string& role, const std::string& content) {
  return R"({"role":")" + role + R"(","content":)" + content + "}";
}
std::string list(const std::vector<std::string>& messages) {
  std::string text = "[";
  for (const auto& one : messages) text += (text.size() > 1 ? "," : "") + one;
  return text + "]";
}

TEST(PassedMessages, ThoseInTheRightFormKeepTheirBytes) {
  const std::vector<std::string> messages{
      R"({"role":"system", "content":"S"})", R"({"role":"user", "content":[)" + kImage + "]}",
      R"({"role":"assistant", "content":"A"})", R"({"role":"user", "content":"Q"})"};
  EXPECT_EQ(passed_messages(messages, "", ""), list(messages));
}

TEST(PassedMessages, AllSystemMessagesBecomeTheOneInFront) {
  EXPECT_EQ(
      passed_messages({message("system", R"("One")"), message("user", "[" + kImage + "]"),
                       message("developer", R"("Two")"), message("assistant", R"("A")"),
                       message("system", "[" + text_part("Three") + "]"), message("user", R"("Q")")},
                      "Zero", "Passages"),
      list({message("system", "[" + text_part(R"(Zero\n\n---\n\nOne\n\n---\n\nTwo)") + "," +
                                  text_part(R"(\n\n---\n\nThree)") + "," + text_part(R"(\n\n---\n\nPassages)") + "]"),
            message("user", "[" + kImage + "]"), message("assistant", R"("A")"), message("user", R"("Q")")}));
}

TEST(PassedMessages, NeighboursOfOneRoleAreJoined) {
  EXPECT_EQ(
      passed_messages({message("user", R"("One")"), message("user", R"("Two")"), message("user", "[" + kImage + "]"),
                       message("user", "[" + text_part("Three") + "]"), message("user", R"("Four")")},
                      "", ""),
      list({message("user", "[" + text_part(R"(One\n\nTwo)") + "," + kImage + "," + text_part("Three") + "," +
                                text_part(R"(\n\nFour)") + "]")}));
}

TEST(PassedMessages, BlankOnesAreLeftOut) {
  EXPECT_EQ(passed_messages({message("system", R"("")"), message("user", "[" + kImage + "]"),
                             message("assistant", "null"), message("user", R"("Q")")},
                            "", ""),
            list({message("user", "[" + kImage + "," + text_part("Q") + "]")}));
}

TEST(PassedMessages, ContentOfAnUnknownFormKeepsItsBytesAndIsNotJoined) {
  for (const char* role : {"system", "user", "assistant"}) {
    const std::string odd = message(role, R"({"a":1})");
    const std::string number = message(role, "7");
    const std::string question = message("user", R"("Q")");
    EXPECT_EQ(passed_messages({question, odd, odd, number, question}, "", ""),
              list({question, odd, odd, number, question}))
        << role;
  }
}

TEST(PassedMessages, OfDifferentPeopleAreNotJoined) {
  const std::string alice = R"({"role":"user","name":"alice","content":"A"})";
  const std::string bob = R"({"role":"user","name":"bob","content":"B"})";
  const std::string nobody = message("user", R"("C")");
  EXPECT_EQ(passed_messages({alice, bob, nobody}, "", ""), list({alice, bob, nobody}));
  EXPECT_EQ(passed_messages({alice, alice}, "", ""), list({R"({"role":"user","name":"alice","content":"A\n\nA"})"}));
}

TEST(PassedMessages, ToolCallsAndTheirResultsKeepTheirPlaces) {
  const std::string question = message("user", R"("Q")");
  const std::string call = R"({"role":"assistant","content":null,"tool_calls":[{"id":"1"},{"id":"2"}]})";
  const std::string one = R"({"role":"tool","tool_call_id":"1","content":"1"})";
  const std::string two = R"({"role":"tool","tool_call_id":"2","content":""})";
  EXPECT_EQ(passed_messages({question, call, one, two}, "", ""), list({question, call, one, two}));
}

TEST(PassedMessages, TextBeforeAToolCallIsPartOfTheCall) {
  EXPECT_EQ(
      passed_messages({message("user", R"("Q")"), message("assistant", R"("Let me see.")"),
                       R"({"role":"assistant","content":null,"tool_calls":[{"id":"1"}]})"},
                      "", ""),
      list({message("user", R"("Q")"), R"({"role":"assistant","content":"Let me see.","tool_calls":[{"id":"1"}]})"}));
}

TEST(PassedMessages, AnAnswerIsNeitherFirstNorLast) {
  EXPECT_EQ(
      passed_messages(
          {message("assistant", R"("Hello")"), message("user", "[" + kImage + "]"), message("assistant", R"("A")")}, "",
          ""),
      list({message("system", R"("The assistant opened the conversation with these words:\nHello")"),
            message("user", "[" + kImage + "]"), message("assistant", R"("A")"), message("user", R"("Continue.")")}));
}

TEST(PassedMessages, SystemMessagesAloneEndWithAQuestion) {
  EXPECT_EQ(passed_messages({message("system", R"("S")"), message("system", "[" + kImage + "]")}, "", ""),
            list({message("system", R"("S")"), message("user", "[" + kImage + "]")}));
}

}  // namespace
}  // namespace chatcore::llm

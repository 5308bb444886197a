#include "chatcore/api/function_calls.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace chatcore::api {
namespace {

using conversation::Role;
using testing::ElementsAre;

const FunctionCall kCall{.call_id = "call_1", .name = "f", .arguments = R"({"a":"ä"})"};
constexpr const char* kChatCall =
    R"({"id":"call_1","type":"function","function":{"name":"f","arguments":"{\"a\":\"ä\"}"}})";

std::string make_id() { return "call_made"; }

TEST(FunctionCalls, AnIdContainsItsCall) {
  const auto call = call_in_id(id_of_call(kCall));
  ASSERT_TRUE(call);
  EXPECT_EQ(call->call_id, "call_1");
  EXPECT_EQ(call->name, "f");
  EXPECT_EQ(call->arguments, kCall.arguments);
}

TEST(FunctionCalls, OtherIdsContainNone) {
  for (const char* id : {"", "fc_", "fc_7", "fc_zz", "msg_5b5d", "fc_5b5d", "fc_5b312c322c335d", "fc_68e1d8a4f0b881"}) {
    EXPECT_FALSE(call_in_id(id)) << id;
  }
}

TEST(FunctionCalls, BecomeMessagesOfAChatCompletion) {
  Fault fault;
  const Json output{{"type", "function_call_output"}, {"call_id", "call_1"}, {"output", "42"}};
  const std::string tool = tool_message_of(output, "input[2]", fault);
  EXPECT_EQ(tool, R"({"role":"tool","tool_call_id":"call_1","content":"42"})");
  const std::string call = tool_message_of(kCall);
  const std::string calls = std::string(kChatCall) + "," + kChatCall;
  // Two calls at once, their outputs, an answer with a call, and its output.
  EXPECT_THAT(messages_with_tools({{.content = "q"}, {.role = Role::assistant, .content = "a"}},
                                  {{1, call}, {1, call}, {1, tool}, {1, tool}, {2, call}, {2, tool}}, "Be brief."),
              ElementsAre(R"({"role":"system","content":"Be brief."})", R"({"role":"user","content":"q"})",
                          R"({"role":"assistant","content":null,"tool_calls":[)" + calls + "]}", tool, tool,
                          R"({"role":"assistant","content":"a","tool_calls":[)" + std::string(kChatCall) + "]}", tool));
}

TEST(FunctionCalls, TheMessagesAroundThemHaveTheFormThatStrictTemplatesAccept) {
  EXPECT_THAT(messages_with_tools({{.content = "q"},
                                   {.role = Role::system, .content = "s"},
                                   {.content = "r"},
                                   {.role = Role::assistant, .content = ""}},
                                  {{4, tool_message_of(kCall)}}, ""),
              ElementsAre(R"({"role":"system","content":"s"})", R"({"role":"user","content":"q\n\nr"})",
                          R"({"role":"assistant","content":null,"tool_calls":[)" + std::string(kChatCall) + "]}"));
}

TEST(FunctionCalls, OutputsOfPartsAreJoinedAndOthersThanTextRefused) {
  Fault fault;
  Json item{{"type", "function_call_output"}, {"call_id", "1"}};
  item["output"] = Json::parse(R"([{"type":"input_text","text":"4"},{"type":"input_text","text":"2"}])");
  EXPECT_THAT(tool_message_of(item, "input[1]", fault), testing::HasSubstr(R"("content":"42")"));
  item["output"] = Json::parse(R"([{"type":"input_image","image_url":"data:x"}])");
  EXPECT_EQ(tool_message_of(item, "input[1]", fault), "");
  ASSERT_TRUE(fault);
  EXPECT_EQ(fault->param, "input[1].output");
}

TEST(FunctionCalls, AreReadFromDeltas) {
  const auto calls =
      calls_in_deltas({R"({"tool_calls":[{"index":0,"id":"call_1","function":{"name":"f","arguments":"{\"a\""}}]})",
                       R"({"tool_calls":[{"index":1,"function":{"name":"g","arguments":"{}"}}]})",
                       R"({"tool_calls":[{"index":0,"function":{"arguments":":1}"}}]})", "7"},
                      &make_id);
  ASSERT_EQ(calls.size(), 2U);
  EXPECT_EQ(calls[0].call_id, "call_1");
  EXPECT_EQ(calls[0].arguments, R"({"a":1})");
  EXPECT_EQ(calls[1].call_id, "call_made");
  EXPECT_EQ(calls[1].name, "g");
  const auto legacy = calls_in_deltas({R"({"function_call":{"name":"f"}})"}, &make_id);
  ASSERT_EQ(legacy.size(), 1U);
  EXPECT_EQ(legacy[0].call_id, "call_made");
  EXPECT_EQ(legacy[0].arguments, "{}") << "clients parse it";
  EXPECT_TRUE(calls_in_deltas({R"({"tool_calls":7})", R"({"annotations":[]})"}, &make_id).empty());
}

}  // namespace
}  // namespace chatcore::api

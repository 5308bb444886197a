#include "chatcore/api/response_requests.h"

#include <string>

#include <gtest/gtest.h>

namespace chatcore::api {
namespace {

// As by the built-in answerer.
Parsed<ResponseRequest> parse_response_request(std::string_view body) {
  return api::parse_response_request(body, false);
}

// The field at fault in a request with these fields besides a good input; "" when there is none.
std::string fault_of(const std::string& fields) {
  const auto parsed = parse_response_request(R"({"input":"a",)" + fields + "}");
  return parsed ? "" : parsed.error().param;
}

std::string name_in(const std::string& field) { return field.substr(1, field.find('"', 1) - 1); }

TEST(ResponseRequest, InputIsTextOrAListOfMessages) {
  const auto text = parse_response_request(R"({"input":"Hello"})");
  ASSERT_TRUE(text);
  EXPECT_EQ(text->input.at(0).content, "Hello");
  EXPECT_TRUE(text->store);
  EXPECT_FALSE(text->stream);
  const auto list = parse_response_request(R"({"input":[
      {"id":"msg_1","type":"message","status":"incomplete","role":"assistant",
       "content":[{"type":"output_text","text":"He","annotations":[]},{"type":"output_text","text":"y"}]},
      {"role":"user","content":[{"type":"input_text","text":"Hello"}]}]})");
  ASSERT_TRUE(list);
  EXPECT_EQ(list->input.at(0).content, "Hey");
  EXPECT_TRUE(list->input.at(0).interrupted);
  EXPECT_EQ(list->input.at(1).role, conversation::Role::user);
}

TEST(ResponseRequest, TheInputMustEndWithAQuestion) {
  for (const char* body : {R"({})", R"({"input":null})", R"({"input":[]})", R"({"input":7})",
                           R"({"input":[{"role":"assistant","content":"a"}]})"}) {
    const auto parsed = parse_response_request(body);
    ASSERT_FALSE(parsed) << body;
    EXPECT_EQ(parsed.error().param, "input") << body;
  }
}

TEST(ResponseRequest, ReferencesToStoredItemsStandBesideTheInput) {
  const auto parsed = parse_response_request(R"({"input":[{"role":"user","content":"a"},
      {"type":"reasoning","id":"rs_1","summary":[]},{"type":"item_reference","id":"rs_2"},
      {"type":"item_reference","id":"msg_1"},{"id":"msg_2"},{"role":"user","content":"b"}],
      "include":["reasoning.encrypted_content"]})");
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->input.size(), 2U);
  ASSERT_EQ(parsed->references.size(), 2U);
  EXPECT_EQ(parsed->references[0].id, "msg_1");
  EXPECT_EQ(parsed->references[0].before, 1U);
  EXPECT_EQ(parsed->references[1].before, 1U);
  EXPECT_EQ(fault_of(R"("include":["message.output_text.logprobs"])"), "include");
  EXPECT_EQ(fault_of(R"("include":"x")"), "include");
}

TEST(ResponseRequest, NamesTheItemAtFault) {
  const auto param = [](const char* item) {
    const auto parsed =
        parse_response_request(std::string(R"({"input":[{"role":"user","content":"a"},)") + item + "]}");
    return parsed ? "" : parsed.error().param;
  };
  EXPECT_EQ(param(R"({"type":"function_call_output","call_id":"x","output":"y"})"), "input[1].type");
  EXPECT_EQ(param(R"({"role":"user","content":[{"type":"input_image","image_url":"x"}]})"), "input[1].content[0].type");
  EXPECT_EQ(param(R"({"role":"tool","content":"x"})"), "input[1].role");
  EXPECT_EQ(param(R"({"role":"user"})"), "input[1].content");
  EXPECT_EQ(param("7"), "input[1]");
}

TEST(ResponseRequest, AnEmptyQuestionIsRefused) {
  for (const char* input :
       {R"("")", R"(" \n\t")", R"([{"role":"user","content":""}])",
        R"([{"role":"user","content":"a"},{"role":"user","content":[{"type":"input_text","text":" "}]}])"}) {
    const auto parsed = parse_response_request(std::string(R"({"input":)") + input + "}");
    ASSERT_FALSE(parsed) << input;
    EXPECT_EQ(parsed.error().status, 400);
    EXPECT_EQ(parsed.error().param, "input");
    EXPECT_EQ(parsed.error().code, "invalid_value");
  }
  EXPECT_TRUE(parse_response_request(
      R"({"input":[{"role":"user","content":""},{"role":"assistant","content":""},{"role":"user","content":"a"}]})"))
      << "a client's history is not refused";
}

TEST(ResponseRequest, AConversationIsNamedByTextOrObject) {
  EXPECT_EQ(parse_response_request(R"({"input":"a","conversation":"c"})")->conversation_id, "c");
  EXPECT_EQ(parse_response_request(R"({"input":"a","conversation":{"id":"c"}})")->conversation_id, "c");
  EXPECT_EQ(fault_of(R"("conversation":{})"), "conversation.id");
  EXPECT_EQ(fault_of(R"("conversation":"")"), "conversation");
  EXPECT_EQ(fault_of(R"("conversation":7)"), "conversation");
  EXPECT_EQ(fault_of(R"("conversation":"c","previous_response_id":"r")"), "previous_response_id");
}

TEST(ResponseRequest, WhatCannotBeDoneIsRefusedByName) {
  for (const char* field : {R"("background":true)", R"("prompt":{"id":"x"})", R"("include":["x"])",
                            R"("top_logprobs":1)", R"("tool_choice":"required")"}) {
    EXPECT_EQ(fault_of(field), name_in(field)) << field;
  }
  EXPECT_EQ(fault_of(R"("text":{"format":{"type":"json_schema"}})"), "text.format");
}

TEST(ResponseRequest, HarmlessValuesOfTheSameFieldsAreTaken) {
  for (const char* field :
       {R"("tools":[])", R"("background":false)", R"("prompt":null)", R"("include":[])", R"("tool_choice":"auto")",
        R"("text":{"format":{"type":"text"},"verbosity":"low"})", R"("reasoning":{"effort":"low"})"}) {
    EXPECT_EQ(fault_of(field), "") << field;
  }
}

TEST(ResponseRequest, BoundsOfNumbers) {
  EXPECT_EQ(fault_of(R"("max_output_tokens":0)"), "max_output_tokens");
  EXPECT_EQ(fault_of(R"("max_output_tokens":1)"), "");
  EXPECT_EQ(fault_of(R"("temperature":2)"), "");
  EXPECT_EQ(fault_of(R"("temperature":2.01)"), "temperature");
  EXPECT_EQ(fault_of(R"("top_p":-0.01)"), "top_p");
}

TEST(ResponseRequest, MetadataHasBounds) {
  const auto pairs = [](int count) {
    std::string text;
    for (int i = 0; i < count; ++i) text += (i == 0 ? "" : ",") + ("\"k" + std::to_string(i) + "\":\"v\"");
    return "\"metadata\":{" + text + "}";
  };
  const auto value = [](std::size_t size) { return R"("metadata":{"k":")" + std::string(size, 'v') + "\"}"; };
  const auto key = [](std::size_t size) { return R"("metadata":{")" + std::string(size, 'k') + R"(":"v"})"; };
  EXPECT_EQ(fault_of(pairs(16)), "");
  EXPECT_EQ(fault_of(pairs(17)), "metadata");
  EXPECT_EQ(fault_of(value(512)), "");
  EXPECT_EQ(fault_of(value(513)), "metadata");
  EXPECT_EQ(fault_of(key(64)), "");
  EXPECT_EQ(fault_of(key(65)), "metadata");
  EXPECT_EQ(fault_of(R"("metadata":{"k":1})"), "metadata");
  EXPECT_EQ(fault_of(R"("metadata":{"k":"\u0000"})"), "metadata");
  EXPECT_EQ(fault_of(R"("metadata":[])"), "metadata");
  EXPECT_EQ(parse_response_request(R"({"input":"a","metadata":{"k":"v"}})")->metadata, R"({"k":"v"})");
}

TEST(ResponseRequest, AcceptsToolsWithoutABackend) {
  constexpr const char* kBody = R"({"input":"a","tools":[{"type":"function","name":"f"}],"tool_choice":"auto"})";
  const auto parsed = api::parse_response_request(kBody, false);
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->tool_fields, "");
  EXPECT_FALSE(parse_response_request(R"({"input":"a","tools":[],"tool_choice":"required"})"));
}

// With a backend; `fields` besides a good input.
std::string tool_fields_of(const std::string& fields) {
  const auto parsed = api::parse_response_request(R"({"input":"a",)" + fields + "}", true);
  return parsed ? parsed->tool_fields : "fault: " + parsed.error().param;
}

TEST(ResponseRequest, ToolsAndFormatsAreInTheFormOfChatCompletionsForABackend) {
  const std::string tool =
      R"({"type":"function","name":"f","description":"d","parameters":{"type":"object"},"strict":true})";
  const std::string chat_tool =
      R"({"type":"function","function":{"name":"f","description":"d","parameters":{"type":"object"},"strict":true}})";
  EXPECT_EQ(tool_fields_of(R"("tools":[)" + tool + R"(],"parallel_tool_calls":false)"),
            R"({"tools":[)" + chat_tool + R"(],"parallel_tool_calls":false})");
  EXPECT_EQ(tool_fields_of(R"("tools":[)" + tool + R"(],"tool_choice":"required")"),
            R"({"tools":[)" + chat_tool + R"(],"tool_choice":"required"})");
  EXPECT_EQ(tool_fields_of(R"("tools":[)" + tool + R"(],"tool_choice":{"type":"function","name":"f"})"),
            R"({"tools":[)" + chat_tool + R"(],"tool_choice":{"type":"function","function":{"name":"f"}}})");
  EXPECT_EQ(tool_fields_of(R"("text":{"format":{"type":"json_schema","name":"n","schema":{"a":1},"strict":true}})"),
            R"({"response_format":{"type":"json_schema","json_schema":{"name":"n","schema":{"a":1},"strict":true}}})");
  EXPECT_EQ(tool_fields_of(R"("text":{"format":{"type":"text"},"verbosity":"low"},"tools":[],"tool_choice":"auto")"),
            "");
}

TEST(ResponseRequest, OtherToolsThanFunctionsAreRefusedByTheirPlace) {
  EXPECT_EQ(tool_fields_of(R"("tools":[{"type":"web_search"}])"), "fault: tools[0].type");
  EXPECT_EQ(tool_fields_of(R"("tools":[{"type":"function"}])"), "fault: tools[0].name");
  EXPECT_EQ(tool_fields_of(R"("tools":[7])"), "fault: tools[0].type");
  EXPECT_EQ(tool_fields_of(R"("tools":[{"type":"function","name":"f"}],"tool_choice":{"type":"mcp"})"),
            "fault: tool_choice");
  EXPECT_EQ(tool_fields_of(R"("tool_choice":"required")"), "fault: tool_choice");
}

TEST(ResponseRequest, FunctionCallsNeedTheWholeHistory) {
  const std::string input = R"("input":[{"role":"user","content":"a"},
      {"type":"function_call","call_id":"1","name":"f","arguments":"{}","id":"x","status":"completed"},
      {"type":"function_call_output","call_id":"1","output":"42"}])";
  const auto parsed = api::parse_response_request("{" + input + "}", true);
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->input.size(), 1U);
  ASSERT_EQ(parsed->tools.size(), 2U);
  EXPECT_EQ(parsed->tools[0].before, 1U);
  for (const std::string field : {"conversation", "previous_response_id"}) {
    const auto refused = api::parse_response_request("{" + input + ",\"" + field + "\":\"c\"}", true);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().param, field);
  }
  const auto alone =
      api::parse_response_request(R"({"input":[{"type":"function_call_output","call_id":"1","output":"42"}]})", true);
  ASSERT_FALSE(alone);
  EXPECT_EQ(alone.error().param, "input");
}

}  // namespace
}  // namespace chatcore::api

#include "chatcore/api/completion_requests.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace chatcore::api {
namespace {

using testing::ElementsAre;

// For the built-in answerer.
Parsed<CompletionRequest> parse(std::string_view body) { return parse_completion_request(body, false); }

// The field at fault in a request with these fields besides a good message; "" when there is none.
std::string fault_of(const std::string& fields, bool passes_on = false) {
  const auto parsed =
      parse_completion_request(R"({"messages":[{"role":"user","content":"a"}],)" + fields + "}", passes_on);
  return parsed ? "" : parsed.error().param;
}

Parsed<CompletionRequest> with_messages(const std::string& messages, bool passes_on) {
  return parse_completion_request(R"({"messages":[)" + messages + "]}", passes_on);
}

TEST(CompletionRequest, ReadsRolesPartsAndOptions) {
  const auto parsed = parse(R"({"messages":[
      {"role":"developer","content":"Be brief."},
      {"role":"user","content":[{"type":"text","text":"Hel"},{"type":"text","text":"lo"}]}],
      "stream":true,"stream_options":{"include_usage":true},"max_completion_tokens":7,"max_tokens":9})");
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->messages.at(0).role, conversation::Role::system);
  EXPECT_EQ(parsed->messages.at(1).content, "Hello");
  EXPECT_TRUE(parsed->stream && parsed->include_usage);
  EXPECT_EQ(parsed->max_tokens, 7U);
}

TEST(CompletionRequest, MessagesMayEndAsOpenAisMay) {
  for (const char* messages :
       {R"({"role":"user","content":"a"},{"role":"assistant","content":"b"})", R"({"role":"system","content":"a"})",
        R"({"role":"user","content":"a"},{"role":"developer","content":"b"})"}) {
    for (const bool passes_on : {false, true}) EXPECT_TRUE(with_messages(messages, passes_on)) << messages;
  }
  EXPECT_EQ(parse(R"({"messages":[]})").error().param, "messages");
}

TEST(CompletionRequest, AnAnswerMayBeEmpty) {
  const std::pair<const char*, const char*> cases[] = {
      {R"("content":null)", ""},
      {R"("content":"b","tool_calls":[],"function_call":null,"audio":null)", "b"},
      {R"("content":null,"refusal":"No.")", "No."},
      {R"("content":[{"type":"refusal","refusal":"No."}])", "No."},
      {R"("content":[{"type":"thinking","thinking":"hm"},{"type":"text","text":"b"}])", "b"},
      {R"("content":"b","reasoning_content":"hm")", "b"},
      {R"("name":"x")", ""}};
  for (const auto& [fields, text] : cases) {
    for (const bool passes_on : {false, true}) {
      const auto parsed =
          with_messages(std::string(R"({"role":"user","content":"a"},{"role":"assistant",)") + fields + "}", passes_on);
      ASSERT_TRUE(parsed) << fields;
      EXPECT_EQ(parsed->messages.back().content, text) << fields;
      EXPECT_TRUE(parsed->passed_on.messages.empty()) << fields;
    }
  }
  EXPECT_EQ(with_messages(R"({"role":"user","content":null})", true).error().param, "messages[0].content");
}

TEST(CompletionRequest, MoreThanAThousandMessagesAreAccepted) {
  std::string messages;
  for (int i = 0; i < 5000; ++i) messages += R"({"role":"user","content":"a"},)";
  messages.pop_back();
  EXPECT_EQ(with_messages(messages, false)->messages.size(), 5000U);
}

TEST(CompletionRequest, NamesTheMessageAtFault) {
  const auto parsed = parse(R"({"messages":[{"role":"user","content":"a"},{"role":"robot","content":"b"}]})");
  ASSERT_FALSE(parsed);
  EXPECT_EQ(parsed.error().param, "messages[1].role");
}

TEST(CompletionRequest, NamesThePartAtFault) {
  const auto parsed = parse(
      R"({"messages":[{"role":"user","content":[{"type":"text","text":"a"},{"type":"image_url","image_url":{}}]}]})");
  ASSERT_FALSE(parsed);
  EXPECT_EQ(parsed.error().param, "messages[0].content[1].type");
  EXPECT_EQ(parsed.error().code, "unsupported_content");
}

TEST(CompletionRequest, WhatTheBuiltInAnswererCannotDoIsRefusedByName) {
  for (const char* field :
       {R"("n":2)", R"("n":0)", R"("tool_choice":"required")", R"("tool_choice":{"type":"function"})",
        R"("function_call":{"name":"f"})", R"("logprobs":true)", R"("top_logprobs":3)", R"("logit_bias":{"1":2})",
        R"("audio":{"voice":"x"})", R"("modalities":["audio"])", R"("response_format":{"type":"json_object"})",
        R"("store":true)", R"("web_search_options":{"a":1})", R"("tools":"f")", R"("stop":7)", R"("stop":["a",7])"}) {
    const std::string name = std::string(field).substr(1, std::string(field).find('"', 1) - 1);
    EXPECT_EQ(fault_of(field), name) << field;
  }
  const std::string call = R"({"role":"assistant","content":null,"tool_calls":[{"id":"1"}]})";
  EXPECT_EQ(with_messages(call, false).error().param, "messages[0].tool_calls");
  EXPECT_EQ(with_messages(R"({"role":"tool","tool_call_id":"1","content":"42"})", false).error().param,
            "messages[0].role");
}

TEST(CompletionRequest, TheBuiltInAnswererAcceptsTools) {
  for (const char* field :
       {R"("tools":[{"type":"function","function":{"name":"f"}}])",
        R"("tools":[{"type":"function"}],"tool_choice":"auto","parallel_tool_calls":true)",
        R"("functions":[{"name":"f"}],"function_call":"auto")", R"("stop":"x")", R"("stop":["x","y"])"}) {
    EXPECT_EQ(fault_of(field), "") << field;
  }
  EXPECT_THAT(parse(R"({"messages":[{"role":"user","content":"a"}],"stop":["x","y"]})")->stop, ElementsAre("x", "y"));
}

TEST(CompletionRequest, HarmlessValuesOfTheSameFieldsAreTaken) {
  for (const char* field :
       {R"("n":1)", R"("n":null)", R"("tools":[])", R"("tool_choice":"none")", R"("tool_choice":"auto")",
        R"("stop":null)", R"("stop":[])", R"("logprobs":false)", R"("top_logprobs":0)", R"("logit_bias":{})",
        R"("modalities":["text"])", R"("response_format":{"type":"text"})", R"("store":false)",
        R"("temperature":0.3,"top_p":1,"seed":7,"user":"u","model":"any","metadata":{})"}) {
    for (const bool passes_on : {false, true}) EXPECT_EQ(fault_of(field, passes_on), "") << field;
  }
}

TEST(CompletionRequest, FieldsThatChatcoreDoesNotReadArePassedOn) {
  const auto parsed = parse_completion_request(
      R"({"messages":[{"role":"user","content":"a"}],"model":"any","stream":true,"stream_options":{},"n":1,"max_tokens":9,
          "temperature":0.5,"top_p":1,"stop":["x"],"seed":7,"tools":[{"type":"function"}],"tool_choice":"required",
          "parallel_tool_calls":false,"response_format":{"type":"json_object"},"logit_bias":{"1":2},"min_p":0.1,
          "store":false,"logprobs":false,"user":null,"models":["dearer"],"foo":[1,{"a":null}]})",
      true);
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->passed_on.fields,
            R"({"foo":[1,{"a":null}],"logit_bias":{"1":2},"min_p":0.1,"n":1,"parallel_tool_calls":false,)"
            R"("response_format":{"type":"json_object"},"seed":7,"stop":["x"],"tool_choice":"required",)"
            R"("tools":[{"type":"function"}]})");
  EXPECT_TRUE(parsed->passed_on.messages.empty());
  for (const char* field : {R"("n":2)", R"("logprobs":true)", R"("audio":{"voice":"x"})", R"("store":true)"}) {
    EXPECT_NE(fault_of(field, true), "") << field;
  }
}

TEST(CompletionRequest, EmptyValuesAreNotPassedOn) {
  const auto parsed = parse_completion_request(
      R"({"messages":[{"role":"user","content":"a"}],"tools":[],"tool_choice":"auto","parallel_tool_calls":true,
          "logit_bias":{},"stop":"","response_format":{"type":"text"},"metadata":{"a":"b"}})",
      true);
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->passed_on.fields, "");
}

TEST(CompletionRequest, EmptyValuesOfUnknownFieldsArePassedOn) {
  const auto parsed = parse_completion_request(
      R"({"messages":[{"role":"user","content":"a"}],"chat_template_kwargs":{},"bad_words":[],"grammar":"","top_k":null})",
      true);
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->passed_on.fields, R"({"bad_words":[],"chat_template_kwargs":{},"grammar":"","top_k":null})");
}

TEST(TextCompletionRequest, TheSuffixIsForABackend) {
  constexpr const char* kBody = R"({"prompt":"int a = ","suffix":";"})";
  const auto parsed = parse_text_completion_request(kBody, true);
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->passed_on.suffix, ";");
  const auto refused = parse_text_completion_request(kBody, false);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().param, "suffix");
  EXPECT_TRUE(parse_text_completion_request(R"({"prompt":"int a = ","suffix":null})", false));
}

TEST(CompletionRequest, MessagesWithOtherPartsThanTextArePassedOnUnchanged) {
  const std::string question = R"({"content":"q","role":"user"})";
  for (
      const std::string other :
      {R"({"content":null,"role":"assistant","tool_calls":[{"id":"1"}]})",
       R"({"content":"42","role":"tool","tool_call_id":"1"})", R"({"content":"42","name":"f","role":"function"})",
       R"({"content":[{"text":"what","type":"text"},{"image_url":{"url":"data:x"},"type":"image_url"}],"role":"user"})"}) {
    const auto parsed = with_messages(question + "," + other, true);
    ASSERT_TRUE(parsed) << other;
    EXPECT_THAT(parsed->passed_on.messages, ElementsAre(question, other));
    EXPECT_EQ(parsed->messages.front().content, "q");
  }
  EXPECT_EQ(with_messages(question + R"(,{"role":"robot","tool_calls":[1]})", true).error().param, "messages[1].role");
  EXPECT_EQ(with_messages(R"(7,{"role":"tool"})", true).error().param, "messages[0]");
  EXPECT_FALSE(with_messages(R"({"role":"tool","content":"42"})", true)->messages.empty());
}

TEST(CompletionRequest, BoundsOfTokens) {
  EXPECT_EQ(fault_of(R"("max_tokens":0)"), "max_tokens");
  EXPECT_EQ(fault_of(R"("max_tokens":1)"), "");
  EXPECT_EQ(fault_of(R"("max_completion_tokens":1000000)"), "");
  EXPECT_EQ(fault_of(R"("max_completion_tokens":1000001)"), "max_completion_tokens");
  EXPECT_EQ(fault_of(R"("max_completion_tokens":-1)"), "max_completion_tokens");
  EXPECT_EQ(fault_of(R"("max_completion_tokens":1.5)"), "max_completion_tokens");
}

TEST(CompletionRequest, BoundsOfTheSampler) {
  for (const char* name : {"temperature", "presence_penalty", "frequency_penalty"}) {
    EXPECT_EQ(fault_of("\"" + std::string(name) + "\":2"), "") << name;
    EXPECT_EQ(fault_of("\"" + std::string(name) + "\":2.01"), name);
    EXPECT_EQ(fault_of("\"" + std::string(name) + "\":\"1\""), name);
  }
  EXPECT_EQ(fault_of(R"("temperature":-0.1)"), "temperature");
  EXPECT_EQ(fault_of(R"("presence_penalty":-2,"frequency_penalty":-2)"), "");
  EXPECT_EQ(fault_of(R"("top_p":1.01)"), "top_p");
}

TEST(CompletionRequest, TypesAreChecked) {
  EXPECT_EQ(fault_of(R"("stream":"yes")"), "stream");
  EXPECT_EQ(fault_of(R"("stream_options":[])"), "stream_options");
  EXPECT_EQ(fault_of(R"("stream_options":{"include_usage":1})"), "stream_options.include_usage");
  EXPECT_EQ(fault_of(R"("model":7)"), "model");
}

}  // namespace
}  // namespace chatcore::api

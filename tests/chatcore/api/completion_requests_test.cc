#include "chatcore/api/completion_requests.h"

#include <string>

#include <gtest/gtest.h>

namespace chatcore::api {
namespace {

// The field at fault in a request with these fields besides a good message; "" when there is none.
std::string fault_of(const std::string& fields) {
  const auto parsed = parse_completion_request(R"({"messages":[{"role":"user","content":"a"}],)" + fields + "}");
  return parsed ? "" : parsed.error().param;
}

TEST(CompletionRequest, ReadsRolesPartsAndOptions) {
  const auto parsed = parse_completion_request(R"({"messages":[
      {"role":"developer","content":"Be brief."},
      {"role":"user","content":[{"type":"text","text":"Hel"},{"type":"text","text":"lo"}]}],
      "stream":true,"stream_options":{"include_usage":true},"max_completion_tokens":7,"max_tokens":9})");
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->messages.at(0).role, conversation::Role::system);
  EXPECT_EQ(parsed->messages.at(1).content, "Hello");
  EXPECT_TRUE(parsed->stream && parsed->include_usage);
  EXPECT_EQ(parsed->max_tokens, 7U);
}

TEST(CompletionRequest, TheLastMessageMustBeTheUsers) {
  const auto parsed = parse_completion_request(R"({"messages":[{"role":"assistant","content":"a"}]})");
  ASSERT_FALSE(parsed);
  EXPECT_EQ(parsed.error().param, "messages");
}

TEST(CompletionRequest, NamesTheMessageAtFault) {
  const auto parsed =
      parse_completion_request(R"({"messages":[{"role":"user","content":"a"},{"role":"robot","content":"b"}]})");
  ASSERT_FALSE(parsed);
  EXPECT_EQ(parsed.error().param, "messages[1].role");
}

TEST(CompletionRequest, NamesThePartAtFault) {
  const auto parsed = parse_completion_request(
      R"({"messages":[{"role":"user","content":[{"type":"text","text":"a"},{"type":"image_url","image_url":{}}]}]})");
  ASSERT_FALSE(parsed);
  EXPECT_EQ(parsed.error().param, "messages[0].content[1].type");
  EXPECT_EQ(parsed.error().code, "unsupported_content");
}

TEST(CompletionRequest, WhatCannotBeDoneIsRefusedByName) {
  for (const char* field :
       {R"("n":2)", R"("n":0)", R"("tools":[{}])", R"("tool_choice":"required")", R"("functions":[{}])",
        R"("stop":"x")", R"("stop":["x"])", R"("logprobs":true)", R"("top_logprobs":3)", R"("logit_bias":{"1":2})",
        R"("audio":{"voice":"x"})", R"("modalities":["audio"])", R"("response_format":{"type":"json_object"})",
        R"("store":true)"}) {
    const std::string name = std::string(field).substr(1, std::string(field).find('"', 1) - 1);
    EXPECT_EQ(fault_of(field), name) << field;
  }
}

TEST(CompletionRequest, HarmlessValuesOfTheSameFieldsAreTaken) {
  for (const char* field :
       {R"("n":1)", R"("n":null)", R"("tools":[])", R"("tool_choice":"none")", R"("tool_choice":"auto")",
        R"("stop":null)", R"("stop":[])", R"("logprobs":false)", R"("top_logprobs":0)", R"("logit_bias":{})",
        R"("modalities":["text"])", R"("response_format":{"type":"text"})", R"("store":false)",
        R"("temperature":0.3,"top_p":1,"seed":7,"user":"u","model":"any","metadata":{})"}) {
    EXPECT_EQ(fault_of(field), "") << field;
  }
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

#include "chatcore/llm/chat_chunk.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace chatcore::llm {
namespace {

using base::Code;
using testing::HasSubstr;
using testing::Not;

base::Result<ChatChunk> parse(std::string_view data) {
  ToolCallOrder order;
  return parse_chat_chunk(data, order);
}

std::string choice(const std::string& fields) { return R"({"choices":[{)" + fields + "}]}"; }
base::Result<ChatChunk> parse_delta(const std::string& fields) { return parse(choice(R"("delta":{)" + fields + "}")); }

TEST(ChatChunk, FindsTheTextOfAnyForm) {
  const std::pair<const char*, const char*> cases[] = {
      {R"("delta":{"content":"Hi"})", "Hi"},
      {R"("delta":{"content":null,"role":"assistant"})", ""},
      {R"("delta":{})", ""},
      {R"("delta":null)", ""},
      {R"("finish_reason":"stop")", ""},
      {R"("message":{"content":"Hi"})", "Hi"},
      {R"("delta":null,"message":{"content":"Hi"})", "Hi"},
      {R"("text":"Hi")", "Hi"},
      {R"("delta":{"content":[{"type":"text","text":"H"},{"type":"text","text":"i"}]})", "Hi"},
      {R"("delta":{"content":["H",{"text":"i"},{"type":"image_url","image_url":{}}]})", "Hi"},
      {R"("delta":{"content":{"type":"text","text":"Hi"}})", "Hi"},
      {R"("delta":{"content":[{"type":"thinking","thinking":[{"type":"text","text":"hm"}]}]})", ""},
      {R"("delta":{"content":7})", "7"},
      {R"("delta":{"content":"a\u0000b"})", "ab"},
  };
  for (const auto& [fields, text] : cases) {
    const auto parsed = parse(choice(fields));
    ASSERT_TRUE(parsed) << fields;
    EXPECT_TRUE(parsed->has_choice) << fields;
    EXPECT_EQ(parsed->text, text) << fields;
  }
}

TEST(ChatChunk, ReasoningIsNotText) {
  const auto content = parse_delta(R"("content":null,"reasoning_content":"hm")");
  EXPECT_EQ(content->reasoning, "hm");
  EXPECT_FALSE(content->is_reasoning_named_so);
  const auto named = parse_delta(R"("reasoning":"hm","reasoning_details":[{"text":"hm"}])");
  EXPECT_EQ(named->reasoning, "hm");
  EXPECT_TRUE(named->is_reasoning_named_so);
  const auto both = parse_delta(R"("reasoning":"hm","reasoning_content":"hm")");
  EXPECT_EQ(both->reasoning, "hm");
  EXPECT_FALSE(both->is_reasoning_named_so);
  const auto part = parse_delta(R"("content":[{"type":"thinking","thinking":"hm"},{"type":"text","text":"Hi"}])");
  EXPECT_EQ(part->reasoning, "hm");
  EXPECT_EQ(part->text, "Hi");
}

TEST(ChatChunk, OnlyTheFirstChoiceCounts) {
  EXPECT_EQ(parse(R"({"choices":[{"index":1,"delta":{"content":"B"}},{"index":0,"delta":{"content":"A"}}]})")->text,
            "A");
  EXPECT_FALSE(parse(R"({"choices":[{"index":1,"delta":{"content":"B"}}]})")->has_choice);
}

TEST(ChatChunk, AChunkWithoutChoicesHasOnlyTokenCounts) {
  for (const char* data : {R"({"type":"ping"})", R"({"choices":[]})", R"({"choices":null})", R"({"choices":{}})", "{}",
                           "[]", "7", "null"}) {
    const auto parsed = parse(data);
    ASSERT_TRUE(parsed) << data;
    EXPECT_FALSE(parsed->has_choice) << data;
  }
  for (const char* choices : {R"("choices":[],)", R"("choices":null,)", ""}) {
    const auto parsed = parse(std::string("{") + choices + R"("usage":{"prompt_tokens":7,"completion_tokens":3.0}})");
    ASSERT_TRUE(parsed && parsed->usage) << choices;
    EXPECT_EQ(parsed->usage->prompt, 7U);
    EXPECT_EQ(parsed->usage->answer, 3U);
  }
  EXPECT_EQ(parse(R"({"x_groq":{"usage":{"prompt_tokens":7,"completion_tokens":3}}})")->usage->prompt, 7U);
  EXPECT_EQ(parse(R"({"usage":{"input_tokens":7,"output_tokens":3}})")->usage->answer, 3U);
}

TEST(ChatChunk, InvalidTokenCountsAreIgnored) {
  for (const char* usage : {"null", "{}", R"({"prompt_tokens":-1,"completion_tokens":1})",
                            R"({"prompt_tokens":1e99,"completion_tokens":1})",
                            R"({"prompt_tokens":1.5,"completion_tokens":1})", R"([1])"}) {
    const auto parsed = parse(std::string(R"({"choices":[],"usage":)") + usage + "}");
    ASSERT_TRUE(parsed) << usage;
    EXPECT_FALSE(parsed->usage) << usage;
  }
}

TEST(ChatChunk, MapsAllNamesOfFinishReasons) {
  const std::pair<const char*, Finish> cases[] = {{"null", Finish::none},
                                                  {R"("")", Finish::none},
                                                  {"false", Finish::none},
                                                  {R"("stop")", Finish::stop},
                                                  {R"("eos_token")", Finish::stop},
                                                  {R"("STOP")", Finish::stop},
                                                  {"7", Finish::stop},
                                                  {"true", Finish::stop},
                                                  {R"("length")", Finish::length},
                                                  {R"("max_tokens")", Finish::length},
                                                  {R"("MAX_TOKENS")", Finish::length},
                                                  {R"("model_length")", Finish::length},
                                                  {R"("content_filter")", Finish::content_filter},
                                                  {R"("SAFETY")", Finish::content_filter},
                                                  {R"("tool_calls")", Finish::tool_calls},
                                                  {R"("tool_use")", Finish::tool_calls},
                                                  {R"("error")", Finish::error},
                                                  {R"("insufficient_system_resource")", Finish::error}};
  for (const auto& [reason, finish] : cases) {
    const auto parsed = parse(choice(std::string(R"("delta":{},"finish_reason":)") + reason));
    ASSERT_TRUE(parsed) << reason;
    EXPECT_EQ(parsed->finish, finish) << reason;
  }
}

TEST(ChatChunk, AnErrorIsDetectedAndItsTextIsNotRepeated) {
  for (const char* data :
       {R"({"error":{"message":"key sk-1 is bad"}})", R"({"error":"sk-1"})", R"({"error":true})",
        R"([{"error":{"code":400,"message":"sk-1"}}])", R"({"object":"error","message":"sk-1","code":40303})",
        R"({"type":"error","message":"sk-1"})", R"({"detail":"sk-1"})", R"({"code":500,"message":"sk-1"})",
        R"({"choices":[{"error":{"message":"sk-1","code":"sk-1"},"delta":{}}]})",
        R"({"choices":[{"delta":{"content":""}}],"error":{"code":502,"message":"sk-1"}})"}) {
    const auto parsed = parse(data);
    ASSERT_FALSE(parsed) << data;
    EXPECT_EQ(parsed.error().code, Code::unavailable) << data;
    EXPECT_THAT(parsed.error().message, Not(HasSubstr("sk-1"))) << data;
  }
  EXPECT_THAT(parse(R"({"error":{"code":"rate_limited"}})").error().message, HasSubstr("rate_limited"));
}

TEST(ChatChunk, AnEmptyErrorIsIgnored) {
  for (const char* error : {"null", R"("")", "{}", "[]", "false", "0"}) {
    EXPECT_TRUE(parse(std::string(R"({"error":)") + error + R"(,"choices":[{"delta":{"content":"Hi"}}]})")) << error;
  }
}

TEST(ChatChunk, WhatIsNotJsonIsCorrupt) {
  for (const char* data : {"", "{", "Internal Server Error", "\"Internal Server Error\"", R"({"choices":[{"delta":)"}) {
    const auto parsed = parse(data);
    ASSERT_FALSE(parsed) << data;
    EXPECT_EQ(parsed.error().code, Code::corrupt) << data;
  }
  EXPECT_EQ(parse_delta(R"("content":true)").error().code, Code::corrupt);
}

TEST(ChatChunk, ToolCallsHaveTheIndicesThatOpenAisClientsNeed) {
  ToolCallOrder order;
  const auto fields = [&](const char* calls) {
    return parse_chat_chunk(
               std::string(R"({"choices":[{"delta":{"role":"assistant","content":null,"tool_calls":)") + calls + "}}]}",
               order)
        ->fields;
  };
  EXPECT_EQ(fields(R"([{"index":0,"id":"a","type":"function","function":{"name":"f","arguments":""}}])"),
            R"({"tool_calls":[{"index":0,"id":"a","type":"function","function":{"name":"f","arguments":""}}]})");
  EXPECT_EQ(fields(R"([{"id":"b","function":{"name":"g","arguments":{"x":1}}}])"),
            R"({"tool_calls":[{"index":1,"id":"b","function":{"name":"g","arguments":"{\"x\":1}"}}]})");
  EXPECT_EQ(fields(R"([{"id":null,"function":{"arguments":"1"}}])"),
            R"({"tool_calls":[{"index":1,"function":{"arguments":"1"}}]})");
  EXPECT_EQ(fields("[]"), "");
  EXPECT_EQ(fields("null"), "");
}

TEST(ChatChunk, OtherFieldsOfADeltaAreKept) {
  const auto parsed = parse_delta(R"("content":"","annotations":[{"type":"url"}],"audio":null,"refusal":"No.")");
  EXPECT_EQ(parsed->fields, R"({"annotations":[{"type":"url"}]})");
  EXPECT_FALSE(parsed->calls_tools);
  EXPECT_EQ(parsed->refusal, "No.");
}

TEST(ChatChunk, RepairableJsonIsRead) {
  for (const char* data : {R"({"choices":[{"delta":{"content":"Hi"},"logprobs":NaN}]})",
                           R"({"choices":[{"logprobs":-Infinity,"delta":{"content":"Hi"}}],"x":Infinity})"}) {
    const auto parsed = parse(data);
    ASSERT_TRUE(parsed) << data;
    EXPECT_EQ(parsed->text, "Hi");
    EXPECT_TRUE(parsed->is_repaired);
  }
  EXPECT_EQ(parse("{\"choices\":[{\"delta\":{\"content\":\"a\tb\"}}]}")->text, "a\tb");
  EXPECT_EQ(parse(R"({"choices":[{"delta":{"content":"NaN \\ud83d\""},"x":NaN}]})")->text, "NaN \\ud83d\"");
}

TEST(ChatChunk, DeepNestingIsHarmless) {
  const std::string deep = std::string(100'000, '[') + std::string(100'000, ']');
  EXPECT_TRUE(parse(R"({"choices":[],"x":)" + deep + "}"));
}

TEST(ChatChunk, CallsWithTheSameIndexAndOtherIdsAreSeveral) {
  ToolCallOrder order;
  const auto fields = [&](const std::string& call) {
    return parse_chat_chunk(R"({"choices":[{"delta":{"tool_calls":[)" + call + "]}}]}", order)->fields;
  };
  EXPECT_EQ(fields(R"({"index":0,"id":"a","function":{"name":"f","arguments":null}})"),
            R"({"tool_calls":[{"index":0,"id":"a","function":{"name":"f"}}]})");
  EXPECT_EQ(fields(R"({"index":0,"id":"b","function":{"name":"g","arguments":"{}"}})"),
            R"({"tool_calls":[{"index":1,"id":"b","function":{"name":"g","arguments":"{}"}}]})");
  EXPECT_EQ(fields(R"({"index":0,"id":"a","function":{"arguments":"{}"}})"),
            R"({"tool_calls":[{"index":0,"id":"a","function":{"arguments":"{}"}}]})");
  EXPECT_EQ(fields(R"({"index":0,"id":"c","function":{"arguments":"{}"}})"),
            R"({"tool_calls":[{"index":0,"id":"c","function":{"arguments":"{}"}}]})")
      << "a new id without a name begins no call";
}

}  // namespace
}  // namespace chatcore::llm

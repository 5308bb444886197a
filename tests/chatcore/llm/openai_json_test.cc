#include "chatcore/llm/openai_json.h"

#include <cmath>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace chatcore::llm {
namespace {

using base::Code;
using conversation::Role;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

std::string chunk(const std::string& choice) { return R"({"choices":[)" + choice + "]}"; }

TEST(ChatChunk, BringsTextAndItsEnd) {
  const auto text = parse_chat_chunk(chunk(R"({"delta":{"content":"Hi"},"finish_reason":null})"));
  ASSERT_TRUE(text);
  EXPECT_EQ(text->text, "Hi");
  EXPECT_FALSE(text->is_finished);
  const auto end = parse_chat_chunk(chunk(R"({"delta":{},"finish_reason":"stop"})"));
  EXPECT_TRUE(end->is_finished);
  EXPECT_FALSE(end->is_cut);
  EXPECT_TRUE(parse_chat_chunk(chunk(R"({"delta":{},"finish_reason":"length"})"))->is_cut);
  EXPECT_TRUE(parse_chat_chunk(chunk(R"({"delta":{},"finish_reason":"content_filter"})"))->is_filtered);
}

TEST(ChatChunk, ARoleOrNothingIsNoText) {
  for (const char* choice : {R"({"delta":{"role":"assistant","content":null}})", R"({"delta":{}})", "{}"}) {
    const auto parsed = parse_chat_chunk(chunk(choice));
    ASSERT_TRUE(parsed) << choice;
    EXPECT_EQ(parsed->text, "");
  }
}

TEST(ChatChunk, BringsTheTokenCountsOfALastChunkWithoutChoices) {
  const auto parsed = parse_chat_chunk(R"({"choices":[],"usage":{"prompt_tokens":7,"completion_tokens":3}})");
  ASSERT_TRUE(parsed && parsed->usage);
  EXPECT_EQ(parsed->usage->prompt, 7U);
  EXPECT_EQ(parsed->usage->answer, 3U);
}

TEST(ChatChunk, CountsThatAreNoneAreLeftOut) {
  for (const char* usage : {"null", "{}", R"({"prompt_tokens":-1,"completion_tokens":1})",
                            R"({"prompt_tokens":1e99,"completion_tokens":1})", R"([1])"}) {
    const auto parsed = parse_chat_chunk(std::string(R"({"choices":[],"usage":)") + usage + "}");
    ASSERT_TRUE(parsed) << usage;
    EXPECT_FALSE(parsed->usage) << usage;
  }
}

TEST(ChatChunk, WhatIsNoneIsCorrupt) {
  for (const char* data :
       {"", "[]", "7", "{", "{}", R"({"choices":{}})", R"({"choices":[{"delta":{"content":7}}]})",
        R"({"choices":[{"finish_reason":7}]})", "{\"choices\":[{\"delta\":{\"content\":\"\xFF\"}}]}"}) {
    const auto parsed = parse_chat_chunk(data);
    ASSERT_FALSE(parsed) << data;
    EXPECT_EQ(parsed.error().code, Code::corrupt) << data;
  }
}

TEST(ChatChunk, AnErrorIsTakenAsOneAndNotRepeated) {
  const auto parsed = parse_chat_chunk(R"({"error":{"message":"key sk-1 is bad"}})");
  ASSERT_FALSE(parsed);
  EXPECT_EQ(parsed.error().code, Code::unavailable);
  EXPECT_THAT(parsed.error().message, Not(HasSubstr("sk-1")));
}

TEST(ChatChunk, NulCharactersAreTakenOut) {
  EXPECT_EQ(parse_chat_chunk(chunk(R"({"delta":{"content":"a\u0000b"}})"))->text, "ab");
}

TEST(ChatChunk, DeepNestingIsHarmless) {
  const std::string deep = std::string(100'000, '[') + std::string(100'000, ']');
  EXPECT_TRUE(parse_chat_chunk(R"({"choices":[],"x":)" + deep + "}"));
}

TEST(ChatRequest, PutsPassagesAndSummaryBehindTheSystemMessagesAndBeforeTheTalk) {
  const Prompt prompt{.messages = {{.role = Role::system, .content = "S"}, {.content = "Q"}},
                      .passages = {{.text = "one\ntwo", .source = "a.md", .score = 1}},
                      .max_tokens = 5,
                      .summary = "They spoke of tea."};
  const auto request = chat_request(prompt, "m", "Be brief.", "max_tokens");
  const auto system = request.find("Be brief.");
  const auto own = request.find(R"(\n\n---\n\nS\n\n---\n\n)");
  const auto passages = request.find(R"({\"source\":\"a.md\",\"text\":\"one\\ntwo\"})");
  const auto summary = request.find("They spoke of tea.");
  const auto question = request.find(R"("content":"Q")");
  EXPECT_LT(system, own);
  EXPECT_LT(own, passages);
  EXPECT_LT(passages, summary);
  EXPECT_LT(summary, question);
  EXPECT_NE(question, std::string::npos);
  EXPECT_THAT(request, HasSubstr(R"("stream":true)"));
  EXPECT_THAT(request, HasSubstr(R"("max_tokens":5)"));
}

TEST(ChatRequest, CallsTheBoundWhatTheBackendCallsIt) {
  const Prompt prompt{.messages = {{.content = "Q"}}, .passages = {}, .max_tokens = 5};
  const auto request = chat_request(prompt, "m", "", "max_completion_tokens");
  EXPECT_THAT(request, HasSubstr(R"("max_completion_tokens":5)"));
  EXPECT_THAT(request, Not(HasSubstr(R"("max_tokens")")));
}

TEST(ChatRequest, HandsOnHowToSampleAsItWasAsked) {
  const Prompt prompt{.messages = {{.content = "Q"}},
                      .passages = {},
                      .sampling = {.temperature = 0.0, .top_p = 0.5, .frequency_penalty = -1.5}};
  const auto request = chat_request(prompt, "m", "", "max_tokens");
  EXPECT_THAT(request, HasSubstr(R"("temperature":0.0,"top_p":0.5,"frequency_penalty":-1.5)"));
  EXPECT_THAT(request, Not(HasSubstr("presence_penalty")));
}

TEST(ChatRequest, WithoutPassagesOrBoundThereIsNoWordOfThem) {
  const auto request = chat_request({.messages = {{.content = "Q"}}, .passages = {}}, "m", "", "max_tokens");
  EXPECT_THAT(request, Not(HasSubstr("system")));
  EXPECT_THAT(request, Not(HasSubstr("max_tokens")));
  EXPECT_THAT(request, Not(HasSubstr("temperature")));
}

TEST(Embeddings, AreOrderedByIndexAndOfUnitLength) {
  const auto vectors =
      parse_embeddings(R"({"data":[{"index":1,"embedding":[0,2]},{"index":0,"embedding":[3,4]}]})", 2, 2);
  ASSERT_TRUE(vectors);
  EXPECT_THAT(vectors->at(0), ElementsAre(0.6F, 0.8F));
  EXPECT_THAT(vectors->at(1), ElementsAre(0.0F, 1.0F));
}

TEST(Embeddings, WhatDoesNotFitIsCorrupt) {
  for (const char* body :
       {"", "{}", R"({"data":[]})", R"({"data":[{"index":0,"embedding":[1]}]})",
        R"({"data":[{"index":1,"embedding":[1,2]}]})", R"({"data":[{"index":0,"embedding":[1,"2"]}]})",
        R"({"data":[{"index":-1,"embedding":[1,2]}]})", R"({"data":[{"index":0,"embedding":[1e200,1e200]}]})",
        R"({"data":[{"embedding":[1,2]}]})"}) {
    const auto vectors = parse_embeddings(body, 1, 2);
    ASSERT_FALSE(vectors) << body;
    EXPECT_EQ(vectors.error().code, Code::corrupt);
  }
  EXPECT_FALSE(parse_embeddings(R"({"data":[{"index":0,"embedding":[1]},{"index":0,"embedding":[1]}]})", 2, 1));
}

}  // namespace
}  // namespace chatcore::llm

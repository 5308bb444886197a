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

TEST(ChatRequest, PutsPassagesAndSummaryBehindTheSystemMessagesAndBeforeTheTalk) {
  const Prompt prompt{.messages = {{.role = Role::system, .content = "S"}, {.content = "Q"}},
                      .chunks = {{.text = "one\ntwo", .source = "a.md", .score = 1}},
                      .max_tokens = 5,
                      .summary = "They spoke of tea."};
  const auto request = chat_request(prompt, "m", "Be brief.", "max_tokens");
  const auto system = request.find("Be brief.");
  const auto own = request.find(R"(\n\n---\n\nS\n\n---\n\n)");
  const auto chunks = request.find(R"({\"source\":\"a.md\",\"text\":\"one\\ntwo\"})");
  const auto summary = request.find("They spoke of tea.");
  const auto question = request.find(R"("content":"Q")");
  EXPECT_LT(system, own);
  EXPECT_LT(own, chunks);
  EXPECT_LT(chunks, summary);
  EXPECT_LT(summary, question);
  EXPECT_NE(question, std::string::npos);
  EXPECT_THAT(request, HasSubstr(R"("stream":true)"));
  EXPECT_THAT(request, HasSubstr(R"("max_tokens":5)"));
}

TEST(ChatRequest, CallsTheBoundWhatTheBackendCallsIt) {
  const Prompt prompt{.messages = {{.content = "Q"}}, .chunks = {}, .max_tokens = 5};
  const auto request = chat_request(prompt, "m", "", "max_completion_tokens");
  EXPECT_THAT(request, HasSubstr(R"("max_completion_tokens":5)"));
  EXPECT_THAT(request, Not(HasSubstr(R"("max_tokens")")));
}

TEST(ChatRequest, HandsOnHowToSampleAsItWasAsked) {
  const Prompt prompt{.messages = {{.content = "Q"}},
                      .chunks = {},
                      .sampling = {.temperature = 0.0, .top_p = 0.5, .frequency_penalty = -1.5}};
  const auto request = chat_request(prompt, "m", "", "max_tokens");
  EXPECT_THAT(request, HasSubstr(R"("temperature":0.0,"top_p":0.5,"frequency_penalty":-1.5)"));
  EXPECT_THAT(request, Not(HasSubstr("presence_penalty")));
}

TEST(ChatRequest, WithoutPassagesOrBoundThereIsNoWordOfThem) {
  const auto request = chat_request({.messages = {{.content = "Q"}}, .chunks = {}}, "m", "", "max_tokens");
  EXPECT_THAT(request, Not(HasSubstr("system")));
  EXPECT_THAT(request, Not(HasSubstr("max_tokens")));
  EXPECT_THAT(request, Not(HasSubstr("temperature")));
}

TEST(ChatRequest, HasPassedOnMessagesAndFieldsUnchanged) {
  const std::string image = R"({"role":"user","content":[{"type":"image_url","image_url":{"url":"data:x"}}]})";
  const std::string result = R"({"role":"tool","tool_call_id":"1","content":"42"})";
  Prompt prompt{.messages = {{.content = ""}}, .chunks = {}, .max_tokens = 5};
  prompt.passed_on = {.messages = {image, result}, .fields = R"({"seed":7,"tools":[{"type":"function"}]})"};
  const auto request = chat_request(prompt, "m", "", "max_tokens");
  EXPECT_THAT(request, HasSubstr(R"("messages":[)" + image + "," + result + "]}"));
  EXPECT_THAT(request, HasSubstr(R"("max_tokens":5,"seed":7,"tools":[{"type":"function"}],)"));
}

TEST(FillInRequest, HasThePromptAndTheSuffixAndNothingElseOfTheServer) {
  Prompt prompt{
      .messages = {{.content = "a = "}}, .chunks = {{.text = "fact", .source = "s", .score = 1}}, .max_tokens = 5};
  prompt.passed_on = {.fields = R"({"stop":["x"]})", .suffix = ";"};
  EXPECT_EQ(fill_in_request(prompt, "m", "max_tokens"),
            R"({"model":"m","stream":true,"stream_options":{"include_usage":true},"prompt":"a = ","suffix":";",)"
            R"("max_tokens":5,"stop":["x"]})");
}

TEST(ChatRequest, TheServersSystemTextPrecedesPassedOnMessages) {
  const std::string question = R"({"role":"user","content":"Q"})";
  Prompt prompt{.messages = {{.content = "Q"}}, .chunks = {}};
  prompt.passed_on.messages = {question};
  EXPECT_THAT(chat_request(prompt, "m", "Be brief.", "max_tokens"),
              HasSubstr(R"("messages":[{"role":"system","content":"Be brief."},)" + question + "]"));
  prompt.passed_on.messages = {R"({"role":"developer","content":"Be kind."})", question};
  EXPECT_THAT(chat_request(prompt, "m", "Be brief.", "max_tokens"),
              HasSubstr(R"("messages":[{"role":"system","content":"Be brief.\n\n---\n\nBe kind."},)" + question + "]"));
  prompt.passed_on.messages = {R"({"role":"system","content":[{"type":"text","text":"S"}]})", question};
  EXPECT_THAT(chat_request(prompt, "m", "Be brief.", "max_tokens"),
              HasSubstr(R"("content":[{"type":"text","text":"Be brief."},{"type":"text","text":"\n\n---\n\nS"}]},)" +
                        question));
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

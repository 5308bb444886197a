#include "chatcore/llm/learned_limits.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "chatcore/llm/openai_json.h"
#include "chatcore/llm/prompt_messages.h"

namespace chatcore::llm {
namespace {

using conversation::Role;
using testing::HasSubstr;
using testing::Not;
using Kind = BackendRefusal::Kind;

// A system message, and turns of 40 bytes (two messages) each: a0, b0 … and the question z.
std::string request(std::size_t turns, const Prompt& more = {}) {
  Prompt prompt = more;
  for (std::size_t i = 0; i < turns; ++i) {
    const std::string number = std::to_string(i);
    prompt.messages.push_back({.role = Role::user, .content = "a" + number + std::string(198, '.')});
    prompt.messages.push_back({.role = Role::assistant, .content = "b" + number + std::string(198, '.')});
  }
  prompt.messages.push_back({.role = Role::user, .content = "z"});
  return chat_request(prompt, "m", "Be brief.", "max_tokens");
}

bool has(const std::string& body, const std::string& text) { return body.find(text) != std::string::npos; }

BackendRefusal too_long(std::size_t context, std::size_t prompt) {
  BackendRefusal refusal{.kind = Kind::context};
  if (context != 0) refusal.context_tokens = context;
  if (prompt != 0) refusal.prompt_tokens = prompt;
  return refusal;
}

TEST(LearnedLimits, ATooLongPromptLosesItsOldestTurnsUntilItFits) {
  BackendLimits learned;
  const auto body = amended(request(10), too_long(500, 1100), learned);
  ASSERT_TRUE(body);
  EXPECT_TRUE(has(*body, "Be brief."));
  EXPECT_TRUE(has(*body, "\"z\""));
  EXPECT_FALSE(has(*body, "a0"));
  EXPECT_FALSE(has(*body, "b0")) << "an answer leaves with its question";
  EXPECT_TRUE(has(*body, "a9"));
  EXPECT_FALSE(has(*body, "a5")) << "500 tokens are less than five turns";
  EXPECT_EQ(learned.context_tokens, 500U);
}

TEST(LearnedLimits, EachRefusalShortensThePromptAndTheLastQuestionStays) {
  for (const auto& refusal : {too_long(0, 0), too_long(300, 0), too_long(300, 301), too_long(300, 290)}) {
    BackendLimits learned;
    std::optional<std::string> body = request(20, {.messages = {},
                                                   .chunks = {{.text = "fact", .source = "s", .score = 1}},
                                                   .max_tokens = 200,
                                                   .summary = std::string(kSummaryIntroduction) + "\nshort"});
    int asked = 0;
    std::string last;
    for (; body; body = amended(last, refusal, learned), ++asked) {
      EXPECT_TRUE(last.empty() || body->size() < last.size()) << *body;
      last = *body;
      ASSERT_TRUE(has(last, "\"z\""));
      ASSERT_LT(asked, 40);
    }
    EXPECT_FALSE(has(last, "a19"));
    EXPECT_FALSE(has(last, "fact"));
    EXPECT_FALSE(has(last, "short"));
    EXPECT_TRUE(has(last, "Be brief.")) << "what is configured is no addition";
  }
}

TEST(LearnedLimits, TurnsAreLeftOutBeforePassagesAndSummary) {
  const auto made = request(3, {.messages = {},
                                .chunks = {{.text = "fact", .source = "s", .score = 1}},
                                .summary = std::string(kSummaryIntroduction) + "\nshort"});
  BackendLimits learned;
  const auto body = amended(made, too_long(300, 400), learned);
  ASSERT_TRUE(body);
  EXPECT_FALSE(has(*body, "a0"));
  EXPECT_TRUE(has(*body, "fact"));
  EXPECT_TRUE(has(*body, "short"));
}

TEST(LearnedLimits, AnAnswersBoundThatTheContextCannotHoldIsLoweredBeforeTurnsAreLeftOut) {
  BackendLimits learned;
  const auto body =
      amended(request(2, {.messages = {}, .chunks = {}, .max_tokens = 4000}), too_long(4096, 230), learned);
  ASSERT_TRUE(body);
  EXPECT_TRUE(has(*body, "a0"));
  EXPECT_FALSE(has(*body, "\"max_tokens\":4000"));
  EXPECT_THAT(*body, HasSubstr("\"max_tokens\":38"));
}

TEST(LearnedLimits, WhatWasLearnedFitsLaterRequestsBeforeTheyAreSent) {
  LearnedLimits limits("a backend");
  BackendLimits first;
  EXPECT_EQ(limits.fitted(request(10), first), request(10));
  ASSERT_TRUE(amended(request(10), too_long(500, 1100), first));
  EXPECT_FALSE(limits.report().context_tokens);
  limits.learn(first);
  EXPECT_EQ(limits.report().context_tokens, 500U);
  BackendLimits second;
  const auto body = limits.fitted(request(10), second);
  EXPECT_FALSE(has(body, "a5"));
  EXPECT_TRUE(has(body, "a9"));
  EXPECT_TRUE(second.is_empty());
  EXPECT_EQ(limits.fitted(request(0), second), request(0)) << "what fits is sent as it is";
}

TEST(LearnedLimits, ARefusedFieldIsRenamedOrLeftOut) {
  const Prompt prompt{.messages = {}, .chunks = {}, .max_tokens = 5, .sampling = {.temperature = 0.5, .top_p = 0.5}};
  BackendLimits learned;
  auto body = amended(request(0, prompt), {.kind = Kind::field, .fields = {"temperature"}}, learned);
  ASSERT_TRUE(body);
  EXPECT_THAT(*body, Not(HasSubstr("temperature")));
  EXPECT_THAT(*body, HasSubstr("top_p"));
  body = amended(*body, {.kind = Kind::field, .fields = {"max_tokens"}}, learned);
  ASSERT_TRUE(body);
  EXPECT_THAT(*body, HasSubstr("\"max_completion_tokens\":5"));
  EXPECT_THAT(*body, Not(HasSubstr("\"max_tokens\"")));

  LearnedLimits limits("a backend");
  limits.learn(learned);
  BackendLimits later;
  EXPECT_EQ(limits.fitted(request(0, prompt), later), *body);
  EXPECT_EQ(limits.report().fields.at("temperature"), "");
  EXPECT_EQ(limits.report().fields.at("max_tokens"), "max_completion_tokens");

  // Neither is taken.
  body = amended(*body, {.kind = Kind::field, .fields = {"max_completion_tokens"}}, learned);
  ASSERT_TRUE(body);
  EXPECT_THAT(*body, Not(HasSubstr("_tokens\"")));
  EXPECT_FALSE(amended(*body, {.kind = Kind::field, .fields = {"max_tokens"}}, learned));
}

TEST(LearnedLimits, MutuallyExclusiveFieldsAreNotLearned) {
  const Prompt prompt{.messages = {}, .chunks = {}, .sampling = {.temperature = 0.5, .top_p = 0.5}};
  const BackendRefusal refusal{.kind = Kind::field, .fields = {"temperature", "top_p"}, .are_exclusive = true};
  BackendLimits learned;
  const auto body = amended(request(0, prompt), refusal, learned);
  ASSERT_TRUE(body);
  EXPECT_THAT(*body, HasSubstr("temperature"));
  EXPECT_THAT(*body, Not(HasSubstr("top_p")));
  EXPECT_TRUE(learned.is_empty());
  EXPECT_FALSE(amended(*body, refusal, learned));
}

TEST(LearnedLimits, ARefusedFieldThatWasNotSentOrIsNotOptionalCausesNoRetry) {
  BackendLimits learned;
  EXPECT_FALSE(amended(request(0), {.kind = Kind::field, .fields = {"temperature"}}, learned));
  EXPECT_FALSE(amended(request(0), {.kind = Kind::request}, learned));
  EXPECT_FALSE(amended("not JSON", too_long(100, 200), learned));
  EXPECT_TRUE(learned.is_empty());
}

TEST(LearnedLimits, ATextCompletionLosesRefusedFieldsToo) {
  const std::string body = R"({"prompt":"a","suffix":";","stream_options":{}})";
  BackendLimits learned;
  EXPECT_EQ(amended(body, {.kind = Kind::field, .fields = {"stream_options"}}, learned),
            R"({"prompt":"a","suffix":";"})");
  EXPECT_EQ(applied(learned, body), R"({"prompt":"a","suffix":";"})");
  EXPECT_FALSE(amended(body, too_long(100, 200), learned));
}

TEST(LearnedLimits, ATemplateWithoutSystemMessageGetsItInTheFirstQuestion) {
  BackendLimits learned;
  auto body = amended(request(3), {.kind = Kind::system_role}, learned);
  ASSERT_TRUE(body);
  EXPECT_THAT(*body, Not(HasSubstr("\"system\"")));
  EXPECT_THAT(*body, HasSubstr(R"("content":"Be brief.\n\n---\n\na0)"));
  body = amended(*body, too_long(300, 400), learned);
  ASSERT_TRUE(body);
  EXPECT_THAT(*body, HasSubstr(R"("content":"Be brief.\n\n---\n\na2)")) << "it does not leave with the oldest question";
  LearnedLimits limits("a backend");
  limits.learn(learned);
  EXPECT_TRUE(limits.report().no_system_role);
  BackendLimits later;
  EXPECT_EQ(limits.fitted(request(3), later), *body);
}

}  // namespace
}  // namespace chatcore::llm

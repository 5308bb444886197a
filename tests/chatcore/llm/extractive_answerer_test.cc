#include "chatcore/llm/extractive_answerer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/utf8.h"

namespace chatcore::llm {
namespace {

using conversation::Role;
using ::testing::HasSubstr;

Prompt ask(std::string question, std::vector<retrieval::RetrievedChunk> chunks = {}) {
  Prompt prompt;
  prompt.messages = {{Role::user, std::move(question)}};
  prompt.chunks = std::move(chunks);
  return prompt;
}

std::string text_of(const Prompt& prompt, const ExtractiveOptions& options) {
  return compose_answer(prompt, options).text;
}

const retrieval::RetrievedChunk kMemory{
    "# Memory\n\nThe server starts quickly. Conversations leave memory two hours after their last use. "
    "The sweeper runs every thirty minutes.",
    "memory.md", 0.5F};
const retrieval::RetrievedChunk kPorts{"The server listens on port 8080. Its page is plain.", "ports.md", 0.4F};

TEST(ExtractiveAnswer, QuotesTheSentenceThatAnswersAndNamesItsSource) {
  EXPECT_EQ(text_of(ask("When do conversations leave memory?", {kMemory, kPorts}), {}),
            "From memory.md: Conversations leave memory two hours after their last use.");
}

TEST(ExtractiveAnswer, EndsBeforeAStopText) {
  Prompt prompt = ask("When do conversations leave memory?", {kMemory, kPorts});
  for (const auto& [stop, answer] : std::vector<std::pair<std::vector<std::string>, std::string>>{
           {{"two"}, "From memory.md: Conversations leave memory "},
           {{"nowhere", "two", "leave"}, "From memory.md: Conversations "},
           {{""}, "From memory.md: Conversations leave memory two hours after their last use."}}) {
    prompt.stop = stop;
    EXPECT_EQ(text_of(prompt, {}), answer);
    EXPECT_FALSE(compose_answer(prompt, {}).is_cut);
  }
}

TEST(ExtractiveAnswer, FindsItInALaterPassage) {
  EXPECT_EQ(text_of(ask("Which port does it listen on?", {kMemory, kPorts}), {}),
            "From ports.md: The server listens on port 8080.");
}

TEST(ExtractiveAnswer, QuotesSeveralSourcesInTheirOrder) {
  const std::string answer = text_of(ask("sweeper port", {kMemory, kPorts}), {});
  EXPECT_EQ(
      answer,
      "From memory.md: The sweeper runs every thirty minutes.\n\nFrom ports.md: The server listens on port 8080.");
}

TEST(ExtractiveAnswer, QuotesASentenceThatTwoPassagesShareOnce) {
  EXPECT_EQ(text_of(ask("Which port?", {kPorts, kPorts}), {}), "From ports.md: The server listens on port 8080.");
}

TEST(ExtractiveAnswer, QuotesNoMoreSentencesThanItsBound) {
  const retrieval::RetrievedChunk chunk{"Cats eat. Cats run. Cats hunt. Cats sleep.", "cats.md", 0.5F};
  ExtractiveOptions two;
  two.max_sentences = 2;
  EXPECT_EQ(text_of(ask("cats", {chunk}), two), "From cats.md: Cats eat. Cats run.");
}

TEST(ExtractiveAnswer, SaysThatItFoundNothingAndWhatItWasAsked) {
  EXPECT_EQ(text_of(ask("Where is the station?"), {}),
            "I found nothing about this in the texts I have been given. You asked: \"Where is the station?\"");
}

TEST(ExtractiveAnswer, FindsNothingInPassagesAboutSomethingElse) {
  EXPECT_THAT(text_of(ask("Where is the station?", {kMemory, kPorts}), {}), HasSubstr("I found nothing"));
}

TEST(ExtractiveAnswer, EchoesALongQuestionOnlyInPart) {
  const std::string answer = text_of(ask(std::string(1 << 20, 'x')), {});
  EXPECT_LT(answer.size(), 300U);
  EXPECT_THAT(answer, HasSubstr("…"));
}

TEST(ExtractiveAnswer, EchoesNoControlBytes) {
  EXPECT_THAT(text_of(ask("a\x1B[2Jb\r\nc"), {}), HasSubstr("\"a [2Jb c\""));
}

TEST(ExtractiveAnswer, TakesAFollowUpToMeanTheQuestionBefore) {
  Prompt prompt = ask("Which port does it listen on?", {kMemory, kPorts});
  prompt.messages.push_back({Role::assistant, "8080"});
  prompt.messages.push_back({Role::user, "And why is that so?"});
  EXPECT_THAT(text_of(prompt, {}), HasSubstr("port 8080"));
}

TEST(ExtractiveAnswer, MatchesEndingsOfAlphabetsItHasNoStemsFor) {
  const retrieval::RetrievedChunk chunk{"Сервер слушает порт. Разговоры живут два часа.", "ru.md", 0.3F};
  EXPECT_EQ(text_of(ask("Сколько живут разговоров?", {chunk}), {}), "From ru.md: Разговоры живут два часа.");
}

TEST(ExtractiveAnswer, StaysBelowItsBoundAndEndsWithAWord) {
  std::string text;
  for (int i = 0; i < 400; ++i) text += "memory number" + std::to_string(i) + " is full. ";
  ExtractiveOptions options;
  options.max_answer_bytes = 100;
  options.max_sentences = 50;
  const std::string answer = text_of(ask("memory", {{text, "a.md", 0.5F}}), options);
  EXPECT_LE(answer.size(), 100U);
  EXPECT_GT(answer.size(), 80U);
  EXPECT_TRUE(text.find(answer.substr(answer.rfind(' ') + 1)) != std::string::npos);
}

TEST(ExtractiveAnswer, KeepsToTheTokensAskedFor) {
  Prompt prompt = ask("When do conversations leave memory?", {kMemory});
  prompt.max_tokens = 5;
  const std::string answer = text_of(prompt, {});
  EXPECT_EQ(answer, "From memory.md:");
  EXPECT_LE(estimate_tokens(answer), 5U);
}

TEST(ExtractiveAnswer, TellsWhetherItMetItsBound) {
  Prompt prompt = ask("When do conversations leave memory?", {kMemory});
  const WholeAnswer whole = compose_answer(prompt, {});
  EXPECT_FALSE(whole.is_cut);
  ExtractiveOptions options;
  options.max_answer_bytes = whole.text.size();
  EXPECT_FALSE(compose_answer(prompt, options).is_cut);
  options.max_answer_bytes = whole.text.size() - 1;
  EXPECT_TRUE(compose_answer(prompt, options).is_cut);
  prompt.max_tokens = 5;
  EXPECT_TRUE(compose_answer(prompt, {}).is_cut);
  prompt.max_tokens = 500;
  EXPECT_FALSE(compose_answer(prompt, {}).is_cut);
}

TEST(ExtractiveAnswer, IsNeverEmpty) {
  EXPECT_FALSE(text_of(Prompt{}, {}).empty());
  EXPECT_FALSE(text_of(ask(""), {}).empty());
  EXPECT_FALSE(text_of(ask("the", {kMemory}), {}).empty());
}

TEST(ExtractiveAnswer, CutsNoCodePoint) {
  std::string text;
  for (int i = 0; i < 100; ++i) text += "памятьпамять";
  for (std::size_t bytes = 40; bytes < 60; ++bytes) {
    ExtractiveOptions options;
    options.max_answer_bytes = bytes;
    EXPECT_TRUE(base::is_valid_utf8(text_of(ask(text, {{text, "a.md", 0.5F}}), options))) << bytes;
  }
}

TEST(ExtractiveAnswer, IsTheSameEachTime) {
  const Prompt prompt = ask("memory of the server and its port", {kMemory, kPorts});
  EXPECT_EQ(text_of(prompt, {}), text_of(prompt, {}));
}

TEST(ExtractiveAnswerer, StreamsTheComposedAnswer) {
  base::EventLoop loop;
  ExtractiveAnswerer answerer;
  const Prompt prompt = ask("Which port does it listen on?", {kMemory, kPorts});
  std::string text;
  bool ended_well = false;
  const auto generation = answerer.generate(prompt,
                                            {[&](std::string_view piece) { text += piece; },
                                             [&](const Generated& generated) {
                                               ended_well = generated.status.has_value();
                                               loop.stop();
                                             }},
                                            loop);
  loop.run();
  EXPECT_EQ(text, text_of(prompt, {}));
  EXPECT_TRUE(ended_well);
}

TEST(ExtractiveAnswerer, TellsAtTheEndThatItWasCut) {
  for (const std::size_t max_tokens : {std::size_t{0}, std::size_t{5}}) {
    base::EventLoop loop;
    ExtractiveAnswerer answerer;
    Prompt prompt = ask("Which port does it listen on?", {kMemory, kPorts});
    prompt.max_tokens = max_tokens;
    bool is_cut = false;
    const auto generation = answerer.generate(prompt,
                                              {[](std::string_view) {},
                                               [&](const Generated& generated) {
                                                 is_cut = generated.is_cut;
                                                 loop.stop();
                                               }},
                                              loop);
    loop.run();
    EXPECT_EQ(is_cut, max_tokens != 0);
  }
}

TEST(EstimateTokens, CountsFourBytesEach) {
  EXPECT_EQ(estimate_tokens(""), 0U);
  EXPECT_EQ(estimate_tokens("a"), 1U);
  EXPECT_EQ(estimate_tokens("abcd"), 1U);
  EXPECT_EQ(estimate_tokens("abcde"), 2U);
}

}  // namespace
}  // namespace chatcore::llm

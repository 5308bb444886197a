#include "chatcore/llm/prompt_messages.h"

#include <random>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace chatcore::llm {
namespace {

using conversation::Message;
using conversation::Role;
using testing::ElementsAre;
using testing::HasSubstr;

// "s:text", "u:text", "a:text"; "i:text" is an answer that broke off.
std::vector<Message> talk(const std::vector<std::string>& lines) {
  std::vector<Message> messages;
  for (const auto& line : lines) {
    const Role role = line[0] == 's' ? Role::system : line[0] == 'u' ? Role::user : Role::assistant;
    messages.push_back({.role = role, .content = line.substr(2), .interrupted = line[0] == 'i'});
  }
  return messages;
}

std::vector<std::string> lines(const std::vector<Message>& messages) {
  std::vector<std::string> found;
  for (const auto& one : messages) found.push_back(std::string(name_of(one.role)).substr(0, 1) + ":" + one.content);
  return found;
}

std::vector<std::string> shaped(const std::vector<std::string>& given, const SystemParts& parts = {}) {
  return lines(prompt_messages(talk(given), parts));
}

TEST(PromptMessages, OneSystemMessageHoldsAllPartsInTheirOrder) {
  const SystemParts parts{.configured = "Be brief.", .chunks = "P", .summary = "S"};
  EXPECT_THAT(shaped({"s:Instructions", "s:Own", "u:q", "a:x", "s:Later", "u:r"}, parts),
              ElementsAre("s:Be brief.\n\n---\n\nInstructions\n\n---\n\nOwn\n\n---\n\nLater\n\n---\n\nP\n\n---\n\nS",
                          "u:q", "a:x", "u:r"));
  EXPECT_THAT(shaped({"s: ", "u:q"}), ElementsAre("u:q"));
}

TEST(PromptMessages, AdjacentMessagesOfOneRoleAreJoinedAndBlankOnesRemoved) {
  EXPECT_THAT(shaped({"u:a", "u:b", "a:x", "a: \n", "a:y", "u:", "u:c"}), ElementsAre("u:a\n\nb", "a:x\n\ny", "u:c"));
  EXPECT_THAT(shaped({"u:a", "a:", "u:b"}), ElementsAre("u:a\n\nb"));
}

TEST(PromptMessages, OfSystemMessagesOnlyTheLastBecomesTheUsers) {
  EXPECT_THAT(shaped({"s:Write a poem"}), ElementsAre("u:Write a poem"));
  EXPECT_THAT(shaped({"s:Be kind", "s:Write a poem"}, {.configured = "C"}),
              ElementsAre("s:C\n\n---\n\nBe kind", "u:Write a poem"));
}

TEST(PromptMessages, AnAnswerThatComesLastIsFollowedByContinue) {
  EXPECT_THAT(shaped({"u:a", "a:x"}), ElementsAre("u:a", "a:x", "u:Continue."));
  EXPECT_THAT(shaped({"u:a", "a:x", "u: "}), ElementsAre("u:a", "a:x", "u:Continue."));
}

TEST(PromptMessages, AnAnswerThatComesFirstIsAPartOfTheSystemMessage) {
  const auto with = shaped({"a:Hello, I sell tea", "u:Which?"});
  ASSERT_EQ(with.size(), 2U);
  EXPECT_THAT(with[0], testing::AllOf(testing::StartsWith("s:"), HasSubstr("Hello, I sell tea")));
  EXPECT_THAT(shaped({"a:Hello"}), ElementsAre(HasSubstr("Hello"), "u:Continue."));
}

TEST(PromptMessages, NoMessagesBecomeAnEmptyQuestion) {
  EXPECT_THAT(shaped({}), ElementsAre("u:"));
  EXPECT_THAT(shaped({"u: "}), ElementsAre("u: "));
}

TEST(PromptMessages, HaveOneFormForAnyInput) {
  const unsigned seed = std::random_device()();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::minstd_rand chance(seed);
  const auto one_of = [&](unsigned n) { return chance() % n; };
  for (int round = 0; round < 20'000; ++round) {
    std::vector<std::string> given(one_of(9));
    for (auto& line : given) line = std::string(1, "sua"[one_of(3)]) + ":" + std::string(one_of(3), "x \n"[one_of(3)]);
    const auto messages = prompt_messages(
        talk(given), {.configured = one_of(2) == 0 ? "c" : "", .chunks = one_of(2) == 0 ? "p" : "", .summary = ""});
    std::size_t first = messages.front().role == Role::system ? 1 : 0;
    ASSERT_LT(first, messages.size());
    for (std::size_t i = first; i < messages.size(); ++i) {
      ASSERT_EQ(messages[i].role, (i - first) % 2 == 0 ? Role::user : Role::assistant) << testing::PrintToString(given);
    }
    ASSERT_EQ(messages.back().role, Role::user) << testing::PrintToString(given);
  }
}

std::vector<std::string> answered(const std::vector<std::string>& given) {
  return lines(without_unanswered(talk(given)));
}

TEST(Unanswered, AQuestionWhoseAnswerFailedIsLeftOut) {
  EXPECT_THAT(answered({"u:a", "a:x", "u:bad", "a:", "u:c"}), ElementsAre("u:a", "a:x", "u:c"));
  EXPECT_THAT(answered({"s:S", "u:bad", "a:", "u:worse", "a: ", "u:c"}), ElementsAre("s:S", "u:c"));
}

TEST(Unanswered, AQuestionThatWasAnsweredLaterStays) {
  EXPECT_THAT(answered({"u:a", "a:", "a:x", "u:b"}), ElementsAre("u:a", "a:x", "u:b"));
}

TEST(Unanswered, TheCurrentQuestionStaysEvenIfItFailedBefore) {
  EXPECT_THAT(answered({"u:a", "a:x", "u:b", "a:"}), ElementsAre("u:a", "a:x", "u:b"));
  EXPECT_THAT(answered({"u:text", "u:about it"}), ElementsAre("u:text", "u:about it"));
}

TEST(Unanswered, AQuestionWhoseAnswerBrokeOffIsLeftOutOnceTheNextFails) {
  EXPECT_THAT(answered({"u:bad", "i:half", "u:b"}), ElementsAre("u:bad", "a:half", "u:b"));
  EXPECT_THAT(answered({"u:a", "a:x", "u:bad", "i:half", "u:b", "i:", "u:c"}), ElementsAre("u:a", "a:x", "u:c"));
  EXPECT_THAT(answered({"u:bad", "i:half", "u:b", "i:"}), ElementsAre("u:b")) << "b is asked again";
  EXPECT_THAT(answered({"u:bad", "i:half", "u:b", "a:x", "u:c", "i:", "u:d"}),
              ElementsAre("u:bad", "a:half", "u:b", "a:x", "u:d"))
      << "b was answered in its company";
  EXPECT_THAT(answered({"u:bad", "i:half", "s:S", "u:b", "i:half", "u:c", "i:", "u:d"}), ElementsAre("s:S", "u:d"));
}

TEST(Unanswered, WhatFailedTwiceIsAskedWithoutWhatFailedWithItAndRememberedSo) {
  EXPECT_THAT(answered({"u:bad", "u:b", "i:"}), ElementsAre("u:bad", "u:b"));
  EXPECT_THAT(answered({"u:bad", "u:b", "i:", "i:"}), ElementsAre("u:b"));
  EXPECT_THAT(answered({"u:bad", "u:b", "i:", "i:", "a:x", "u:c"}), ElementsAre("u:b", "a:x", "u:c"));
  EXPECT_THAT(answered({"u:text", "u:b", "i:", "a:x", "u:c"}), ElementsAre("u:text", "u:b", "a:x", "u:c"));
  EXPECT_THAT(lines(without_unanswered(talk({"u:bad", "u:text", "u:b", "i:", "i:"}), 2)), ElementsAre("u:text", "u:b"));
  EXPECT_THAT(lines(without_unanswered(talk({"u:b", "i:", "i:"}), 5)), ElementsAre("u:b"));
}

TEST(Unanswered, WhatCameWithAFailedQuestionStaysUntilASecondOneFails) {
  EXPECT_THAT(answered({"u:text", "u:bad", "a:", "u:c"}), ElementsAre("u:text", "u:c"));
  EXPECT_THAT(answered({"u:text", "u:bad", "a:", "u:c", "a:x", "u:d"}), ElementsAre("u:text", "u:c", "a:x", "u:d"));
  EXPECT_THAT(answered({"u:bad text", "u:b", "a:", "u:c", "a:", "u:d"}), ElementsAre("u:d"));
}

}  // namespace
}  // namespace chatcore::llm

#include "chatcore/llm/summary_prompt.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace chatcore::llm {
namespace {

using conversation::Message;
using conversation::Role;
using testing::HasSubstr;
using testing::Not;

Message said(Role role, std::string content, std::int64_t sequence) {
  return {.role = role, .content = std::move(content), .sequence = sequence};
}

// The lines that are to be folded.
std::string lines_of(const SummaryPrompt& made) { return made.prompt.messages.at(1).content; }

TEST(SummaryPrompt, HasTheFormerSummaryAndEachMessageOnALineOfItsOwn) {
  const auto made = summary_prompt({.content = "tea", .up_to = 2},
                                   {said(Role::user, "a\n\"b\"", 3), said(Role::assistant, "c", 4)}, 600);
  EXPECT_EQ(made.up_to, 4);
  EXPECT_EQ(lines_of(made),
            "{\"role\":\"summary\",\"content\":\"tea\"}\n"
            "{\"role\":\"user\",\"content\":\"a\\n\\\"b\\\"\"}\n"
            "{\"role\":\"assistant\",\"content\":\"c\"}\n");
  EXPECT_EQ(made.prompt.messages[0].role, Role::system);
  EXPECT_THAT(made.prompt.messages[0].content, testing::EndsWith("at most 100 words."));
  EXPECT_EQ(made.prompt.max_tokens, 300U);
}

TEST(SummaryPrompt, HoldsLessForAModelWithAShortContext) {
  std::vector<Message> messages;
  for (std::int64_t i = 1; i <= 20; ++i) messages.push_back(said(Role::user, std::string(1000, 'x'), i));
  EXPECT_LE(lines_of(summary_prompt({}, messages, 600, summary_material_bytes(8192))).size(), 8192U);
  EXPECT_LE(lines_of(summary_prompt({}, messages, 600, summary_material_bytes(2048))).size(), 4096U);
  EXPECT_EQ(summary_material_bytes(0), summary_material_bytes(1'000'000));
}

TEST(SummaryPrompt, AnswersWithoutAWordAreNoMaterial) {
  const auto made = summary_prompt({}, {said(Role::user, "a", 1), said(Role::assistant, "", 2)}, 600);
  EXPECT_EQ(made.up_to, 2);
  EXPECT_EQ(lines_of(made), "{\"role\":\"user\",\"content\":\"a\"}\n");
}

TEST(SummaryPrompt, WithoutAFormerSummaryBeginsWithTheMessages) {
  EXPECT_THAT(lines_of(summary_prompt({}, {said(Role::user, "a", 1)}, 600)), testing::StartsWith("{\"role\":\"user\""));
}

TEST(SummaryPrompt, HoldsAsManyMessagesAsFit) {
  std::vector<Message> messages;
  for (std::int64_t i = 1; i <= 20; ++i) messages.push_back(said(Role::user, std::string(4000, 'x'), i));
  const auto made = summary_prompt({}, messages, 600);
  EXPECT_EQ(made.up_to, 6);
  EXPECT_LE(lines_of(made).size(), 24U << 10);
}

TEST(SummaryPrompt, HoldsOneMessageHoweverLong) {
  std::string escaped(9000, '\x01');  // six bytes each in JSON
  EXPECT_EQ(summary_prompt({}, {said(Role::user, escaped, 7), said(Role::user, "more", 8)}, 600).up_to, 7);
}

TEST(SummaryPrompt, LeavesTheMiddleOfALongMessageOutAndCutsNoLetter) {
  std::string text = "begin ";
  for (int i = 0; i < 5000; ++i) text += "ß";
  const std::string lines = lines_of(summary_prompt({}, {said(Role::user, text + " end", 1)}, 600));
  EXPECT_LT(lines.size(), 4200U);
  EXPECT_THAT(lines, HasSubstr("\"begin ßß"));
  EXPECT_THAT(lines, HasSubstr("ß […] ß"));
  EXPECT_THAT(lines, HasSubstr("ßß end\""));
  EXPECT_THAT(lines, Not(HasSubstr("\xef\xbf\xbd")));
}

TEST(SummaryPrompt, WhatIsKeptIsTrimmedAndBounded) {
  EXPECT_EQ(kept_summary("\n It was about tea. \n", 100), "It was about tea.");
  EXPECT_EQ(kept_summary("one two three", 9), "one two");
  EXPECT_EQ(kept_summary(" \n\t", 100), "");
  EXPECT_EQ(kept_summary("", 100), "");
}

}  // namespace
}  // namespace chatcore::llm

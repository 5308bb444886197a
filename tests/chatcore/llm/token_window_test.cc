#include "chatcore/llm/token_window.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "chatcore/llm/answerer.h"
#include "chatcore/llm/summary_prompt.h"

namespace chatcore::llm {
namespace {

using conversation::Message;
using conversation::Role;
using testing::ElementsAre;

// A message of `tokens` tokens that begins with `name`.
Message message(Role role, char name, std::size_t tokens = 10) {
  return {.role = role, .content = std::string(tokens * 4, name)};
}

std::vector<char> names(const std::vector<Message>& messages) {
  std::vector<char> found;
  for (const auto& one : messages) found.push_back(one.content.front());
  return found;
}

const std::vector<Message> kTalk{message(Role::system, 's'),    message(Role::user, 'a'),
                                 message(Role::assistant, 'A'), message(Role::user, 'b'),
                                 message(Role::assistant, 'B'), message(Role::user, 'c')};

TEST(TokenWindow, IsAllWithoutABoundOrWithinIt) {
  EXPECT_EQ(within_tokens(kTalk, 0).size(), 6U);
  EXPECT_EQ(within_tokens(kTalk, 60).size(), 6U);
}

TEST(TokenWindow, LeavesTheOldestOutAndKeepsTheSystemMessage) {
  EXPECT_THAT(names(within_tokens(kTalk, 59)), ElementsAre('s', 'b', 'B', 'c'));
  EXPECT_THAT(names(within_tokens(kTalk, 40)), ElementsAre('s', 'b', 'B', 'c'));
}

TEST(TokenWindow, NeverPartsAQuestionFromItsAnswer) {
  EXPECT_THAT(names(within_tokens(kTalk, 39)), ElementsAre('s', 'c'));
}

TEST(TokenWindow, AlwaysHoldsTheLastQuestion) { EXPECT_THAT(names(within_tokens(kTalk, 1)), ElementsAre('s', 'c')); }

TEST(TokenWindow, QuestionsInARowStayTogether) {
  auto talk = kTalk;
  talk.push_back(message(Role::user, 'd'));
  EXPECT_THAT(names(within_tokens(talk, 1)), ElementsAre('s', 'c', 'd'));
}

// kTalk as messages 11 to 16 of a conversation, whose system message is its first.
std::vector<Message> late_talk() {
  auto talk = kTalk;
  for (std::size_t i = 0; i < talk.size(); ++i) talk[i].sequence = i == 0 ? 1 : 11 + static_cast<std::int64_t>(i);
  return talk;
}

TEST(TokenWindow, ASummaryCountsAmongTheTokensAndStandsElsewhere) {
  const conversation::Summary summary{.content = std::string(40, 'x'), .up_to = 10};
  const std::size_t note = estimate_tokens(summary_note(summary));
  EXPECT_THAT(names(within_tokens(kTalk, 59 + note, summary)), ElementsAre('s', 'b', 'B', 'c'));
  EXPECT_THAT(names(within_tokens(kTalk, 60 + note, summary)), ElementsAre('s', 'a', 'A', 'b', 'B', 'c'));
}

TEST(TokenWindow, KnowsWhatIsLeftOutAndNotSummarised) {
  const auto talk = late_talk();
  EXPECT_EQ(left_out(talk, 0, {}).messages, 11);
  EXPECT_EQ(left_out(talk, 0, {}).before, 12);
  EXPECT_EQ(left_out(talk, 0, {.content = "x", .up_to = 7}).messages, 4);
  EXPECT_EQ(left_out(talk, 0, {.content = "x", .up_to = 14}).messages, 0) << "it tells what the window has too";
  EXPECT_EQ(left_out(talk, 40, {}).before, 14);
  EXPECT_EQ(left_out(talk, 40, {}).messages, 13);
  EXPECT_EQ(left_out({}, 40, {}).messages, 0);
}

TEST(TokenWindow, OfNothingIsNothing) { EXPECT_TRUE(within_tokens({}, 10).empty()); }

}  // namespace
}  // namespace chatcore::llm

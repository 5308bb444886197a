#include "chatcore/llm/token_window.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

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

TEST(TokenWindow, OfNothingIsNothing) { EXPECT_TRUE(within_tokens({}, 10).empty()); }

}  // namespace
}  // namespace chatcore::llm

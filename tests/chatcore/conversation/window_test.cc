#include "chatcore/conversation/window.h"

#include <random>
#include <string_view>

#include <gtest/gtest.h>

namespace chatcore::conversation {
namespace {

// "suaua": a message for each letter, by the first letter of its role.
std::vector<Message> messages(std::string_view roles) {
  std::vector<Message> made;
  for (const char role : roles) {
    made.emplace_back().role = role == 's' ? Role::system : role == 'u' ? Role::user : Role::assistant;
  }
  return made;
}

TEST(Window, HoldsAllMessagesUpToItsBound) { EXPECT_EQ(outside_window(messages("uaua"), 4).size(), 0U); }

TEST(Window, LosesItsOldestPairWholeWhenOneQuestionIsTooMany) {
  EXPECT_EQ(outside_window(messages("uauau"), 4), (Range{0, 2}));
}

TEST(Window, DoesNotCountTheSystemMessage) {
  EXPECT_EQ(outside_window(messages("suaua"), 4).size(), 0U);
  EXPECT_EQ(outside_window(messages("suauau"), 4), (Range{1, 3}));
}

TEST(Window, TreatsALaterSystemMessageAsAnyOther) { EXPECT_EQ(outside_window(messages("uasua"), 3), (Range{0, 2})); }

TEST(Window, DropsAnAnswerWhoseQuestionIsGone) {
  EXPECT_EQ(outside_window(messages("uaua"), 3), (Range{0, 2}));
  EXPECT_EQ(outside_window(messages("auaua"), 50), (Range{0, 1}));
}

TEST(Window, KeepsTheGreetingThatTheConversationBeginsWithUntilItIsOverItsBound) {
  for (const std::string_view roles : {"aua", "saua"}) {
    auto talk = messages(roles);
    for (std::size_t i = 0; i < talk.size(); ++i) talk[i].sequence = static_cast<std::int64_t>(i) + 1;
    EXPECT_EQ(outside_window(talk, 3).size(), 0U) << roles;
    EXPECT_EQ(outside_window(talk, 2).size(), 1U) << roles;
    const std::size_t first = roles.size() - 3;
    talk[first].sequence += 5;
    EXPECT_EQ(outside_window(talk, 3).size(), 1U) << "its question was removed";
  }
}

TEST(Window, DropsEveryAnswerToAQuestionThatLeaves) { EXPECT_EQ(outside_window(messages("uaaua"), 4), (Range{0, 3})); }

TEST(Window, KeepsQuestionsThatHaveNoAnswer) { EXPECT_EQ(outside_window(messages("uuuu"), 2), (Range{0, 2})); }

TEST(Window, OfOneMessageKeepsAQuestionAndNoPair) {
  EXPECT_EQ(outside_window(messages("u"), 1).size(), 0U);
  EXPECT_EQ(outside_window(messages("ua"), 1), (Range{0, 2}));
}

TEST(Window, WithoutABoundDropsNothing) { EXPECT_EQ(outside_window(messages("uauauaua"), 0).size(), 0U); }

TEST(Window, OfNothingIsNothing) { EXPECT_EQ(outside_window({}, 4), (Range{0, 0})); }

TEST(Window, NeverIsOverItsBoundAndNeverBeginsWithAnAnswer) {
  const auto seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  for (int round = 0; round < 2000; ++round) {
    std::string roles = random() % 2 == 0 ? "s" : "";
    for (std::size_t length = random() % 40; length > 0; --length) roles.push_back("uas"[random() % 8 / 3]);
    const std::size_t bound = 1 + random() % 20;
    const std::vector<Message> all = messages(roles);
    const Range outside = outside_window(all, bound);
    ASSERT_LE(outside.begin, outside.end);
    ASSERT_LE(all.size() - outside.end, bound) << roles;
    ASSERT_EQ(outside.begin, !all.empty() && all[0].role == Role::system ? 1U : 0U) << roles;
    if (outside.end < all.size()) {
      ASSERT_NE(all[outside.end].role, Role::assistant) << roles;
    }
  }
}

}  // namespace
}  // namespace chatcore::conversation

// A backend that refuses a text of the conversation, not the question.

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/chatcore/turn_parts.h"

namespace chatcore {
namespace {

using base::Code;
using conversation::Role;
using testing::Client;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::TurnWorld;

base::Status refused(Code code = Code::invalid_argument, base::Remote remote = {.side = "it", .saw_request = true}) {
  base::Error error{code, "refused"};
  error.remote = std::make_shared<const base::Remote>(std::move(remote));
  return base::fail(std::move(error));
}

struct BadConversation : TurnWorld {
  BadConversation() {
    store.messages = {{.role = Role::system, .content = "Be brief", .sequence = 1},
                      {.content = "Old", .sequence = 2},
                      {.role = Role::assistant, .content = "Bad answer", .sequence = 3}};
  }

  [[nodiscard]] std::vector<std::string> asked() const {
    std::vector<std::string> texts;
    for (const auto& message : answerer.running->prompt.messages) texts.push_back(message.content);
    return texts;
  }
  [[nodiscard]] std::string page() const { return metrics.render({}); }
};

TEST(ReducedPromptTurn, TheQuestionIsAskedWithoutTheEarlierTurnsAndAnswered) {
  BadConversation world;
  Client client;
  world.begin(client, "New");
  EXPECT_THAT(world.asked(), ElementsAre("Be brief", "Old", "Bad answer", "New"));
  EXPECT_FALSE(world.answerer.running->prompt.is_repeat);
  world.finish(refused());
  EXPECT_THAT(world.asked(), ElementsAre("Be brief", "New"));
  EXPECT_TRUE(world.answerer.running->prompt.is_repeat);
  EXPECT_FALSE(client.begun);
  world.say("Yes");
  world.finish();
  ASSERT_TRUE(client.result && client.result->status);
  EXPECT_EQ(client.text, "Yes");
  EXPECT_EQ(world.store.messages.size(), 5U) << "no mark of a failure";
  EXPECT_THAT(world.page(), HasSubstr("chatcore_reduced_prompts_total 1\n"));
}

TEST(ReducedPromptTurn, ThenWithoutTheConversationsSystemMessages) {
  BadConversation world;
  Client client;
  world.begin(client, "New");
  world.finish(refused());
  world.finish(refused(Code::unavailable));
  EXPECT_THAT(world.asked(), ElementsAre("New"));
  world.say("Yes");
  world.finish();
  EXPECT_TRUE(client.result->status);
}

TEST(ReducedPromptTurn, AfterThatTheQuestionHasFailed) {
  BadConversation world;
  Client client;
  world.begin(client, "New");
  for (int i = 0; i < 3; ++i) world.finish(refused());
  ASSERT_TRUE(client.result);
  EXPECT_EQ(client.result->status.error().code, Code::invalid_argument);
  EXPECT_TRUE(world.store.messages.back().content.empty());
  EXPECT_TRUE(world.store.messages.back().interrupted);
  EXPECT_THAT(world.page(), HasSubstr("chatcore_reduced_prompts_total 0\n"));
}

TEST(ReducedPromptTurn, ABackendThatIsBusyIsNotAskedAgainAndTheQuestionHasNotFailed) {
  for (const bool at_once : {true, false}) {
    BadConversation world;
    Client client;
    world.begin(client, "New");
    if (!at_once) world.finish(refused());
    world.finish(refused(Code::unavailable, {.side = "it", .saw_request = false}));
    ASSERT_TRUE(client.result);
    EXPECT_EQ(client.result->status.error().code, Code::unavailable);
    EXPECT_EQ(world.store.messages.back().content, "New");
  }
}

TEST(ReducedPromptTurn, NothingIsAskedAgainOnceTheClientHasAPartOfTheAnswer) {
  for (const bool is_reasoning : {true, false}) {
    BadConversation world;
    Client client;
    world.begin(client, "New");
    if (is_reasoning)
      world.say_part(llm::AnswerPart::reasoning, "hm");
    else
      world.say("Half");
    world.finish(refused());
    EXPECT_TRUE(client.result && !client.result->status);
  }
}

TEST(ReducedPromptTurn, AStatelessQuestionIsNotAskedAgain) {
  BadConversation world;
  Client client;
  world.begin(client, {.conversation = std::nullopt,
                       .messages = {{.role = Role::assistant, .content = "Bad answer"}, {.content = "New"}}});
  world.finish(refused());
  EXPECT_TRUE(client.result && !client.result->status);
}

TEST(ReducedPromptTurn, AnAnswerThatIsFilteredFromItsBeginningIsAskedForAgain) {
  BadConversation world;
  Client client;
  world.begin(client, "New");
  world.finish(llm::Generated{.is_filtered = true});
  EXPECT_THAT(world.asked(), ElementsAre("Be brief", "New"));
  world.say("Yes");
  world.finish();
  EXPECT_TRUE(client.result->status);
  EXPECT_FALSE(client.result->filtered);
}

TEST(ReducedPromptTurn, WhatTheRequestAsksForIsInEveryPrompt) {
  BadConversation world;
  Client client;
  world.begin(client, {.conversation = conversation::ConversationKey{.user = "", .id = "c"},
                       .messages = {{.content = "New"}},
                       .max_tokens = 7,
                       .stop = {"END"},
                       .passed_on = {.fields = R"({"seed":1})"},
                       .instructions = "In French"});
  for (int i = 0; i < 3; ++i) {
    const auto& prompt = world.answerer.running->prompt;
    EXPECT_EQ(prompt.messages.front().content, "In French");
    EXPECT_EQ(prompt.max_tokens, 7U);
    EXPECT_THAT(prompt.stop, ElementsAre("END"));
    EXPECT_EQ(prompt.passed_on.fields, R"({"seed":1})");
    world.finish(refused());
  }
}

TEST(ReducedPromptTurn, AClientThatLeavesEndsTheSmallerPromptToo) {
  BadConversation world;
  Client client;
  const auto turn = world.begin(client, "New");
  world.finish(refused());
  turn->client_left();
  world.settle();
  EXPECT_TRUE(world.answerer.running->cancelled);
  EXPECT_EQ(client.result->status.error().code, Code::cancelled);
  EXPECT_EQ(world.admission.turns_in_flight(), 0U);
}

TEST(ReducedPromptTurn, AnAnswerThatMeetsItsBoundIsASuccess) {
  BadConversation world;
  world.parts_max_answer = base::Bytes{3};
  Client client;
  world.begin(client, "New");
  world.finish(refused());
  world.say("Yes");
  ASSERT_TRUE(client.result);
  EXPECT_TRUE(client.result->status);
  EXPECT_THAT(world.page(), HasSubstr("chatcore_reduced_prompts_total 1\n"));
}

TEST(ReducedPromptTurn, TheNextQuestionHasTheConversationInItsPromptAgain) {
  BadConversation world;
  Client first;
  world.begin(first, "New");
  world.finish(refused());
  world.say("Yes");
  world.finish();
  Client second;
  world.begin(second, "Newer");
  EXPECT_THAT(world.asked(), ElementsAre("Be brief", "Old", "Bad answer", "New", "Yes", "Newer"));
  world.finish(refused());
  EXPECT_THAT(world.asked(), ElementsAre("Be brief", "Newer"));
  world.say("Yes");
  world.finish();
  EXPECT_TRUE(second.result->status);
}

}  // namespace
}  // namespace chatcore

#include "chatcore/turn.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "tests/chatcore/turn_parts.h"

namespace chatcore {
namespace {

using base::Code;
using conversation::Role;
using testing::Client;
using testing::TurnWorld;

TEST(Turn, StoresTheQuestionBeforeTheAnswerBegins) {
  TurnWorld world;
  Client client;
  world.store.held = true;
  world.begin(client, "Hello");
  EXPECT_FALSE(client.begun);
  EXPECT_EQ(world.answerer.running, nullptr);
  world.store.release();
  world.settle();
  EXPECT_NE(world.answerer.running, nullptr);
  EXPECT_EQ(world.store.messages.at(0).content, "Hello");
}

TEST(Turn, AnAnswerBeginsWithItsFirstText) {
  TurnWorld world;
  Client client;
  world.begin(client, "Hello");
  EXPECT_FALSE(client.begun);
  world.say("Hi");
  EXPECT_TRUE(client.begun);
  EXPECT_EQ(client.answer_sequence, 2);
}

TEST(Turn, AnAnswerWithoutTextBeginsAtItsGoodEndAndNotAtABadOne) {
  for (const bool good : {true, false}) {
    TurnWorld world;
    Client client;
    world.begin(client, "Hello");
    world.finish(good ? base::Status() : base::fail(Code::unavailable, "backend down"));
    EXPECT_EQ(client.begun, good);
    EXPECT_EQ(client.result->status.has_value(), good);
    EXPECT_EQ(world.store.messages.size(), good ? 2U : 1U) << "what is announced is stored";
    EXPECT_EQ(client.result->sequence, good ? 2 : 0);
  }
}

TEST(Turn, WhatTheBackendKeepsBackIsTold) {
  TurnWorld world;
  Client client;
  world.begin(client, "Hello");
  world.say("I must");
  world.finish(llm::Generated{.is_filtered = true});
  EXPECT_TRUE(client.result->filtered);
  EXPECT_TRUE(world.store.messages.at(1).interrupted);
}

TEST(Turn, TheBackendsOwnCountOfTokensIsTold) {
  TurnWorld world;
  Client client;
  world.begin(client, "Hello");
  world.say("Hi");
  world.finish(llm::Generated{.usage = llm::TokenUsage{.prompt = 100, .answer = 20}});
  EXPECT_EQ(client.result->prompt_tokens, 100U);
  EXPECT_EQ(client.result->answer_tokens, 20U);
}

TEST(Turn, AnAnswerThatMetItsBoundOfTokensIsCutAndMarked) {
  TurnWorld world;
  Client client;
  world.begin(client, "Hello");
  world.say("Hi");
  world.finish(llm::Generated{.is_cut = true});
  EXPECT_TRUE(client.result->status);
  EXPECT_TRUE(client.result->cut);
  EXPECT_TRUE(world.store.messages.at(1).interrupted);
}

TEST(Turn, ThePromptHoldsNoMoreOfTheConversationThanItsTokens) {
  TurnWorld world;
  world.window_tokens = 4;
  for (const char* question : {"first question", "second"}) {
    Client client;
    world.begin(client, question);
    world.say("a long answer to it");
    world.finish();
  }
  ASSERT_EQ(world.answerer.running->prompt.messages.size(), 1U);
  EXPECT_EQ(world.answerer.running->prompt.messages[0].content, "second");
}

TEST(Turn, TheClientSeesTheEndOnlyAfterTheAnswerIsStored) {
  TurnWorld world;
  Client client;
  world.begin(client, "Hello");
  world.say("Hi ");
  world.say("there");
  world.store.held = true;
  world.finish();
  EXPECT_EQ(client.text, "Hi there");
  EXPECT_FALSE(client.result);
  world.store.release();
  world.settle();
  ASSERT_TRUE(client.result && client.result->status);
  EXPECT_EQ(client.result->sequence, 2);
  EXPECT_EQ(world.store.messages.at(1).content, "Hi there");
  EXPECT_FALSE(world.store.messages.at(1).interrupted);
}

TEST(Turn, APlaceAtTheDoorIsHeldUntilTheAnswerIsStored) {
  TurnWorld world;
  Client client;
  world.begin(client, "Hello");
  world.say("Hi");
  world.store.held = true;
  world.finish();
  EXPECT_EQ(world.admission.turns_in_flight(), 1U);
  EXPECT_EQ(world.admission.bytes_in_flight().count, 1 + 5 + 2) << "admitted, the prompt, the answer so far";
  world.store.release();
  world.settle();
  EXPECT_EQ(world.admission.turns_in_flight(), 0U);
  EXPECT_EQ(world.admission.bytes_in_flight().count, 0);
}

TEST(Turn, ReadsAWindowBackOnceAndThenUsesMemory) {
  TurnWorld world;
  world.store.messages = {{.content = "old", .sequence = 1},
                          {.role = Role::assistant, .content = "reply", .sequence = 2}};
  for (int i = 0; i < 3; ++i) {
    Client client;
    world.begin(client, "new");
    world.say("x");
    world.finish();
  }
  EXPECT_EQ(world.store.loads, 1);
  EXPECT_EQ(world.answerer.running->prompt.messages.size(), 7U);
  EXPECT_EQ(world.answerer.running->prompt.messages.at(0).content, "old");
  EXPECT_EQ(world.answerer.running->prompt.messages.back().content, "new");
}

TEST(Turn, AStatelessTurnTouchesNoStorage) {
  TurnWorld world;
  Client client;
  world.begin(client, "Hello", true);
  world.say("Hi");
  world.finish();
  ASSERT_TRUE(client.result && client.result->status);
  EXPECT_EQ(world.store.loads, 0);
  EXPECT_TRUE(world.store.messages.empty());
  EXPECT_EQ(world.registry.usage().conversations, 0U);
}

TEST(Turn, AClientThatLeavesCancelsTheGenerationAndKeepsWhatWasSaid) {
  TurnWorld world;
  Client client;
  const auto turn = world.begin(client, "Hello");
  world.say("Hi ");
  turn->client_left();
  world.settle();
  EXPECT_TRUE(world.answerer.running->cancelled);
  ASSERT_EQ(world.store.messages.size(), 2U);
  EXPECT_TRUE(world.store.messages[1].interrupted);
  EXPECT_EQ(client.result->status.error().code, Code::cancelled);
}

TEST(Turn, AClientThatLeavesBeforeTheFirstWordLeavesNoEmptyAnswer) {
  TurnWorld world;
  Client client;
  const auto turn = world.begin(client, "Hello");
  turn->client_left();
  world.settle();
  EXPECT_EQ(world.store.messages.size(), 1U);
  EXPECT_EQ(world.admission.turns_in_flight(), 0U);
}

TEST(Turn, AClientThatLeavesWhileItsQuestionIsStoredIsNotAnswered) {
  TurnWorld world;
  Client client;
  world.store.held = true;
  const auto turn = world.begin(client, "Hello");
  turn->client_left();
  world.store.release();
  world.settle();
  EXPECT_EQ(world.answerer.running, nullptr);
  EXPECT_EQ(client.result->status.error().code, Code::cancelled);
}

TEST(Turn, AClientThatLeavesWhileItWaitsForItsTurnStoresNothing) {
  TurnWorld world;
  Client first;
  Client second;
  world.begin(first, "First");
  const auto waiting = world.begin(second, "Second");
  waiting->client_left();
  world.settle();
  world.say("x");
  world.finish();
  EXPECT_EQ(world.store.messages.size(), 2U);
  EXPECT_EQ(second.result->status.error().code, Code::cancelled);
}

TEST(Turn, ALeavingClientAfterTheEndChangesNothing) {
  TurnWorld world;
  Client client;
  const auto turn = world.begin(client, "Hello");
  world.say("Hi");
  world.finish();
  turn->client_left();
  world.settle();
  EXPECT_TRUE(client.result->status);
  EXPECT_FALSE(world.store.messages.at(1).interrupted);
}

TEST(Turn, ABackendFaultKeepsThePartialAnswerAndIsTold) {
  TurnWorld world;
  Client client;
  world.begin(client, "Hello");
  world.say("Hi ");
  world.finish(base::fail(Code::unavailable, "backend hung up"));
  EXPECT_EQ(client.result->status.error().code, Code::unavailable);
  EXPECT_EQ(world.store.messages.at(1).content, "Hi ");
  EXPECT_TRUE(world.store.messages.at(1).interrupted);
}

base::Error at_this_question() {
  return {.code = Code::invalid_argument,
          .message = "refused",
          .remote = std::make_shared<const base::Remote>(base::Remote{.side = "the model", .saw_request = true})};
}

TEST(Turn, AQuestionThatMadeTheBackendFailIsInNoLaterPrompt) {
  TurnWorld world;
  Client bad;
  world.begin(bad, "Bad");
  world.finish(base::fail(at_this_question()));
  EXPECT_EQ(bad.result->status.error().code, Code::invalid_argument);
  EXPECT_EQ(bad.result->sequence, 0);
  Client good;
  world.begin(good, "Good");
  ASSERT_EQ(world.answerer.running->prompt.messages.size(), 1U);
  EXPECT_EQ(world.answerer.running->prompt.messages[0].content, "Good");
  world.say("Yes");
  world.finish();
  EXPECT_TRUE(good.result->status);
}

TEST(Turn, AskedAgainItIsStoredOnceAndAnswered) {
  TurnWorld world;
  for (int i = 0; i < 5; ++i) {
    Client client;
    world.begin(client, "Hello");
    EXPECT_EQ(world.answerer.running->prompt.messages.back().content, "Hello");
    world.finish(base::fail(at_this_question()));
  }
  Client client;
  world.begin(client, "Hello");
  world.say("Hi");
  world.finish();
  EXPECT_TRUE(client.result->status);
  EXPECT_EQ(world.store.messages.size(), 4U) << "the question, two marks, the answer";
  EXPECT_EQ(std::ranges::count(world.store.messages, conversation::Role::user, &conversation::Message::role), 1);
  Client more;
  world.begin(more, "More");
  EXPECT_EQ(world.answerer.running->prompt.messages.size(), 3U) << "it was answered in the end";
  world.finish();
}

TEST(Turn, TheBackendsErrorIsReturnedEvenIfItsMarkCannotBeStored) {
  TurnWorld world;
  Client client;
  world.begin(client, "Bad");
  world.store.append_error = base::Error{Code::unavailable, "disk gone"};
  world.finish(base::fail(at_this_question()));
  EXPECT_EQ(client.result->status.error().code, Code::invalid_argument);
}

TEST(Turn, ASlowClientPausesTheGenerationUntilItHasCaughtUp) {
  TurnWorld world;
  Client client;
  const auto turn = world.begin(client, "Hello");
  client.queued = 64u << 10;
  world.say("at the bound");
  EXPECT_FALSE(world.answerer.running->paused);
  client.queued = (64u << 10) + 1;
  world.say("over it");
  EXPECT_TRUE(world.answerer.running->paused);
  turn->client_caught_up();
  world.settle();
  EXPECT_FALSE(world.answerer.running->paused);
}

TEST(Turn, AnAnswerIsCutAtItsBoundAndMarked) {
  TurnWorld world(base::Bytes{4});
  Client client;
  world.begin(client, "Hello");
  world.say("abc");
  EXPECT_FALSE(client.result);
  world.say("d");
  ASSERT_TRUE(client.result && client.result->status);
  EXPECT_TRUE(client.result->cut);
  EXPECT_TRUE(world.store.messages.at(1).interrupted);
}

TEST(Turn, StorageThatIsDownAnswersNothing) {
  TurnWorld world;
  Client client;
  world.store.append_error = base::Error{Code::unavailable, "disk gone"};
  world.begin(client, "Hello");
  EXPECT_FALSE(client.begun);
  EXPECT_EQ(client.result->status.error().code, Code::unavailable);
  EXPECT_EQ(world.answerer.running, nullptr);
}

TEST(Turn, AWindowThatCannotBeReadAnswersNothing) {
  TurnWorld world;
  Client client;
  world.store.load_error = base::Error{Code::unavailable, "disk gone"};
  world.begin(client, "Hello");
  EXPECT_EQ(client.result->status.error().code, Code::unavailable);
  EXPECT_TRUE(world.store.messages.empty());
}

TEST(Turn, AnAnswerThatCannotBeStoredIsNoSuccess) {
  TurnWorld world;
  Client client;
  world.begin(client, "Hello");
  world.say("Hi");
  world.store.append_error = base::Error{Code::exhausted, "disk full"};
  world.finish();
  EXPECT_EQ(client.result->status.error().code, Code::exhausted);
  EXPECT_EQ(client.result->sequence, 0);
}

}  // namespace
}  // namespace chatcore

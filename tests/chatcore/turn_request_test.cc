// What a turn does with what its request asks for beyond a question: see TurnRequest.

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/chatcore/turn_parts.h"

namespace chatcore {
namespace {

using base::Code;
using conversation::Role;
using testing::Client;
using testing::TurnWorld;

TurnRequest asking(const std::string& question) {
  return {.conversation = conversation::ConversationKey{.user = "", .id = "c"}, .messages = {{.content = question}}};
}

TEST(Turn, TellsWhereTheAnswerWillBeStored) {
  TurnWorld world;
  Client stored;
  world.begin(stored, "Hello");
  world.say("Hi");
  EXPECT_EQ(stored.answer_sequence, 2);
  world.finish();
  Client stateless;
  world.begin(stateless, "Hello", true);
  world.say("Hi");
  EXPECT_EQ(stateless.answer_sequence, 0);
}

TEST(Turn, AConversationThatMustExistIsNotBegun) {
  TurnWorld world;
  Client client;
  auto request = asking("Hello");
  request.must_exist = true;
  world.begin(client, request);
  ASSERT_TRUE(client.result);
  EXPECT_EQ(client.result->status.error().code, Code::not_found);
  EXPECT_TRUE(world.store.messages.empty());

  world.store.messages = {{.content = "old", .sequence = 1}};
  Client again;
  world.begin(again, request);
  EXPECT_FALSE(again.result) << "it is being answered";
}

TEST(Turn, AConversationThatWentOnIsAConflict) {
  TurnWorld world;
  world.store.messages = {{.content = "old", .sequence = 1},
                          {.role = Role::assistant, .content = "reply", .sequence = 2}};
  auto request = asking("new");
  for (const std::int64_t elsewhere : {1, 3}) {
    Client client;
    request.after = elsewhere;
    world.begin(client, request);
    ASSERT_TRUE(client.result);
    EXPECT_EQ(client.result->status.error().code, Code::conflict);
    EXPECT_EQ(world.store.messages.size(), 2U);
  }
  Client client;
  request.after = 2;
  world.begin(client, request);
  EXPECT_FALSE(client.result) << "it is being answered";
}

TEST(Turn, StoresAllThatIsNewInItsOrder) {
  TurnWorld world;
  Client client;
  auto request = asking("third");
  request.messages.insert(request.messages.begin(),
                          {{.role = Role::system, .content = "first"}, {.role = Role::assistant, .content = "second"}});
  request.response_id = "resp_1";
  world.begin(client, request);
  world.say("answer");
  EXPECT_EQ(client.answer_sequence, 4);
  world.finish();
  ASSERT_EQ(world.store.messages.size(), 4U);
  EXPECT_EQ(world.store.messages.at(1).content, "second");
  EXPECT_EQ(world.store.messages.at(3).content, "answer");
  EXPECT_EQ(world.store.response_ids, (std::vector<std::string>{"", "", "", "resp_1"}));
}

TEST(Turn, WhatIsStoredAlreadyIsNotStoredAgain) {
  TurnWorld world;
  world.store.messages = {{.content = "Hello", .sequence = 1}};
  Client client;
  auto request = asking("Hello");
  request.after = 1;
  request.is_stored = true;
  world.begin(client, request);
  EXPECT_EQ(world.answerer.running->prompt.messages.size(), 1U);
  world.say("answer");
  world.finish();
  EXPECT_EQ(world.store.messages.size(), 2U);
}

TEST(Turn, InstructionsStandInFrontOfThePromptAndAreNotStored) {
  TurnWorld world;
  Client client;
  auto request = asking("Hello");
  request.instructions = "Be brief.";
  world.begin(client, request);
  const auto& prompt = world.answerer.running->prompt.messages;
  ASSERT_EQ(prompt.size(), 2U);
  EXPECT_EQ(prompt.at(0).role, Role::system);
  EXPECT_EQ(prompt.at(0).content, "Be brief.");
  EXPECT_EQ(world.store.messages.size(), 1U);
}

}  // namespace
}  // namespace chatcore

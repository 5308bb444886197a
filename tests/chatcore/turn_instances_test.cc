// A turn whose conversation went on elsewhere: in another instance, or in storage without word of it.

#include <vector>

#include <gtest/gtest.h>

#include "tests/chatcore/turn_parts.h"

namespace chatcore {
namespace {

using base::Code;
using conversation::Role;
using testing::Client;
using testing::TurnWorld;

// A conversation in memory, with which another instance went on: `roles` are those of its messages.
void go_on_elsewhere(TurnWorld& world, const std::vector<Role>& roles) {
  Client first;
  world.begin(first, "Hello");
  world.say("Hi");
  world.finish();
  for (const Role role : roles) {
    const auto sequence = static_cast<std::int64_t>(world.store.messages.size()) + 1;
    world.store.messages.push_back({.role = role, .content = "from elsewhere", .sequence = sequence});
  }
}

TEST(TurnElsewhere, CatchesUpWithAnotherInstance) {
  TurnWorld world;
  go_on_elsewhere(world, {Role::user, Role::assistant});
  Client client;
  world.begin(client, "Mine");
  EXPECT_FALSE(client.result) << "it is being answered";
  EXPECT_EQ(world.store.loads, 2);
  ASSERT_EQ(world.answerer.running->prompt.messages.size(), 5U);
  EXPECT_EQ(world.answerer.running->prompt.messages[3].content, "from elsewhere");
  EXPECT_EQ(world.store.messages.at(4).content, "Mine");
  world.say("Yes");
  world.finish();
  EXPECT_EQ(client.result->sequence, 6);
}

TEST(TurnElsewhere, DoesNotComeBetweenAnotherInstancesQuestionAndItsAnswer) {
  TurnWorld world;
  go_on_elsewhere(world, {Role::user});
  Client refused;
  world.begin(refused, "Mine");
  EXPECT_EQ(refused.result->status.error().code, Code::conflict);
  EXPECT_EQ(world.store.messages.size(), 3U);
  Client again;
  world.begin(again, "Mine");
  EXPECT_FALSE(again.result) << "it is being answered";
  EXPECT_EQ(world.store.loads, 3);
  EXPECT_EQ(world.answerer.running->prompt.messages.back().content, "Mine");
}

TEST(TurnElsewhere, DoesNotCatchUpWithAWindowThatWasJustRead) {
  TurnWorld world;
  world.store.append_error = base::Error{Code::conflict, "other writer"};
  Client client;
  world.begin(client, "Hello");
  EXPECT_EQ(client.result->status.error().code, Code::conflict);
  EXPECT_EQ(world.store.loads, 1);
}

TEST(TurnElsewhere, CatchesUpOnce) {
  TurnWorld world;
  go_on_elsewhere(world, {Role::user, Role::assistant});
  world.store.append_errors_left = 2;
  world.store.append_error = base::Error{Code::conflict, "other writer"};
  Client client;
  world.begin(client, "Mine");
  EXPECT_EQ(client.result->status.error().code, Code::conflict);
  EXPECT_EQ(world.store.loads, 2);
}

TEST(TurnElsewhere, AQuestionThatWasStoredButNotAcknowledgedIsNotStoredTwice) {
  TurnWorld world;
  Client lost;
  world.store.append_error = base::Error{Code::unavailable, "connection lost"};
  world.begin(lost, "Hello");
  ASSERT_EQ(lost.result->status.error().code, Code::unavailable);
  world.store.messages.push_back({.content = "Hello", .sequence = 1});  // it had reached storage all the same
  Client again;
  world.begin(again, "Hello");
  EXPECT_FALSE(again.result) << "it is being answered";
  world.say("Hi");
  world.finish();
  EXPECT_EQ(again.result->sequence, 2);
  EXPECT_EQ(world.store.messages.size(), 2U);
}

// Nothing is appended then, so storage would not notice by itself.
TEST(TurnElsewhere, ACopyInMemoryIsReadAgainBeforeAnUnansweredQuestionIs) {
  TurnWorld world;
  Client first;
  world.begin(first, "Hello");
  world.finish(base::fail(Code::unavailable, "backend down"));
  ASSERT_EQ(first.result->status.error().code, Code::unavailable);
  world.store.messages.insert(world.store.messages.begin(), {.role = Role::system, .content = "from elsewhere"});
  Client again;
  world.begin(again, "Hello");
  EXPECT_EQ(world.store.loads, 2);
  EXPECT_EQ(world.answerer.running->prompt.messages.at(0).content, "from elsewhere");
  EXPECT_EQ(world.store.messages.size(), 2U) << "it is not stored twice";
}

TEST(TurnElsewhere, WhatMustFollowAnAnswerFromElsewhereDoes) {
  TurnWorld world;
  go_on_elsewhere(world, {Role::user, Role::assistant});
  const auto request = [](std::int64_t after) {
    return TurnRequest{.conversation = conversation::ConversationKey{.user = "", .id = "c"},
                       .messages = {{.content = "Mine"}},
                       .after = after};
  };
  Client late;
  world.begin(late, request(2));
  ASSERT_TRUE(late.result);
  EXPECT_EQ(late.result->status.error().code, Code::conflict) << "it has gone on, as storage says too";
  go_on_elsewhere(world, {Role::user, Role::assistant});
  Client client;
  world.begin(client, request(static_cast<std::int64_t>(world.store.messages.size())));
  EXPECT_FALSE(client.result) << "it is being answered";
}

TEST(TurnElsewhere, AnAnsweredQuestionMayBeAskedAgain) {
  TurnWorld world;
  for (int i = 0; i < 2; ++i) {
    Client client;
    world.begin(client, "Hello");
    world.say("Hi");
    world.finish();
  }
  EXPECT_EQ(world.store.messages.size(), 4U);
}

}  // namespace
}  // namespace chatcore

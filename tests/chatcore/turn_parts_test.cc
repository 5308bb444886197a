// The parts of an answer other than text, and when the answer begins.

#include "tests/chatcore/turn_parts.h"

#include <gtest/gtest.h>

#include "chatcore/turn.h"

namespace chatcore {
namespace {

using base::Code;
using llm::AnswerPart;
using testing::Client;
using testing::TurnWorld;

constexpr const char* kCall = R"({"tool_calls":[{"index":0,"id":"1"}]})";

TurnRequest stateless(bool takes_fields) {
  return {.conversation = std::nullopt,
          .messages = {{.content = "Hello"}},
          .takes_fields = takes_fields,
          .takes_refusals = takes_fields};
}

TEST(TurnParts, AnAnswerBeginsWithTheBackendsFirstByte) {
  TurnWorld world;
  Client client;
  world.begin(client, "Hello");
  world.say_first_byte();
  EXPECT_TRUE(client.begun);
  EXPECT_EQ(client.text, "");
  world.finish(base::fail(Code::unavailable, "backend down"));
  EXPECT_FALSE(client.result->status);
  EXPECT_EQ(client.result->sequence, 0) << "nothing was said, so nothing is stored";
}

TEST(TurnParts, ReasoningIsPassedOnAndNotStored) {
  TurnWorld world;
  Client client;
  world.begin(client, "Hello");
  world.say_part(AnswerPart::reasoning, "hm");
  world.say("Hi");
  world.finish();
  EXPECT_EQ(client.parts, "reasoning=hm;");
  EXPECT_EQ(world.store.messages.at(1).content, "Hi");
}

TEST(TurnParts, ARefusalIsTextUnlessTheClientTakesFields) {
  TurnWorld world;
  Client client;
  world.begin(client, "Hello");
  world.say_part(AnswerPart::refusal, "No.");
  world.finish();
  EXPECT_EQ(client.text, "No.");
  EXPECT_EQ(world.store.messages.at(1).content, "No.");
  Client other;
  world.begin(other, stateless(true));
  world.say_part(AnswerPart::refusal, "No.");
  world.finish();
  EXPECT_EQ(other.parts, "refusal=No.;");
  EXPECT_EQ(other.text, "");
}

TEST(TurnParts, AToolCallIsAnAnswerOnlyIfTheClientTakesFields) {
  for (const bool takes_fields : {true, false}) {
    TurnWorld world;
    Client client;
    world.begin(client, stateless(takes_fields));
    world.say_part(AnswerPart::fields, kCall);
    world.finish(llm::Generated{.calls_tools = true});
    EXPECT_EQ(client.result->status.has_value(), takes_fields);
    EXPECT_EQ(client.result->calls_tools, takes_fields);
    EXPECT_EQ(client.parts, takes_fields ? std::string("=") + kCall + ";" : "");
  }
}

TEST(TurnParts, AnAnswerOfToolCallsAloneIsNotStoredAndItsQuestionNotTwice) {
  TurnWorld world;
  for (int i = 0; i < 2; ++i) {
    Client client;
    world.begin(client, {.conversation = conversation::ConversationKey{.user = "", .id = "c"},
                         .messages = {{.content = "Hello"}},
                         .takes_fields = true});
    world.say_part(AnswerPart::fields, kCall);
    world.finish(llm::Generated{.calls_tools = true});
    ASSERT_TRUE(client.result->status);
    EXPECT_EQ(client.result->sequence, 0);
    EXPECT_EQ(world.store.messages.size(), 1U);
  }
}

TEST(TurnParts, AQuestionThatAnEarlierRequestStoredIsAnsweredAfterTheSameMessage) {
  TurnWorld world;
  Client first;
  world.begin(first,
              {.conversation = conversation::ConversationKey{.user = "", .id = "c"}, .messages = {{.content = "One"}}});
  world.say("Hi");
  world.finish();
  for (int i = 0; i < 2; ++i) {
    Client client;
    world.begin(client, {.conversation = conversation::ConversationKey{.user = "", .id = "c"},
                         .messages = {{.content = "Two"}},
                         .takes_fields = true,
                         .after = 2});
    world.say_part(AnswerPart::fields, kCall);
    world.finish(llm::Generated{.calls_tools = true});
    ASSERT_TRUE(client.result.has_value());
    EXPECT_TRUE(client.result->status) << i;
  }
  EXPECT_EQ(world.store.messages.size(), 3U);
}

TEST(TurnParts, ACallThatWasLostOnTheWayIsNoAnswer) {
  TurnWorld world;
  Client client;
  world.begin(client, stateless(true));
  world.finish(llm::Generated{.calls_tools = true});
  EXPECT_FALSE(client.result->status);
}

TEST(TurnParts, TextBesideAToolCallIsAnAnswer) {
  TurnWorld world;
  Client client;
  world.begin(client, "Hello");
  world.say("Let me see.");
  world.say_part(AnswerPart::fields, kCall);
  world.finish(llm::Generated{.calls_tools = true});
  EXPECT_TRUE(client.result->status);
  EXPECT_EQ(world.store.messages.at(1).content, "Let me see.");
}

TEST(TurnParts, PartsAreBoundedAsTheTextIs) {
  TurnWorld world(base::Bytes{4});
  Client client;
  world.begin(client, stateless(true));
  world.say_part(AnswerPart::reasoning, "abc");
  EXPECT_FALSE(client.result);
  world.say_part(AnswerPart::reasoning, "d");
  ASSERT_TRUE(client.result);
  EXPECT_TRUE(client.result->cut);
}

TEST(TurnParts, ATextOverItsBoundIsCutBetweenCharacters) {
  TurnWorld world(base::Bytes{4});
  Client client;
  world.begin(client, "Hello");
  world.say("abcé and more");
  EXPECT_EQ(client.text, "abc");
  ASSERT_TRUE(client.result);
  EXPECT_TRUE(client.result->cut);
  EXPECT_EQ(world.store.messages.at(1).content, "abc");
}

TEST(TurnParts, AClientThatIsSlowWithThePartsPausesTheBackend) {
  TurnWorld world;
  Client client;
  const auto turn = world.begin(client, "Hello");
  client.queued = 1U << 20U;
  world.say_part(AnswerPart::reasoning_content, "hm");
  EXPECT_TRUE(world.answerer.running->paused);
  turn->client_caught_up();
  world.settle();
  EXPECT_FALSE(world.answerer.running->paused);
}

TEST(TurnParts, BytesBufferedByTheAnswererAreCountedOnce) {
  TurnWorld world;
  Client client;
  world.begin(client, "Hello");
  const auto before = world.admission.bytes_in_flight();
  const auto on_held = world.answerer.running->events.on_held;
  for (const std::size_t held : {1000U, 3000U, 2000U}) on_held(held);
  world.settle();
  EXPECT_EQ(world.admission.bytes_in_flight().count, before.count + 3000);
}

TEST(TurnParts, WhatIsPassedOnReachesTheAnswererAndIsCounted) {
  TurnWorld world;
  Client client;
  auto request = stateless(true);
  request.passed_on = {.messages = {std::string(5000, 'x')}, .fields = R"({"seed":1})"};
  const auto before = world.admission.bytes_in_flight();
  world.begin(client, std::move(request));
  EXPECT_EQ(world.answerer.running->prompt.passed_on.fields, R"({"seed":1})");
  EXPECT_GE(world.admission.bytes_in_flight().count, before.count + 5000);
}

}  // namespace
}  // namespace chatcore

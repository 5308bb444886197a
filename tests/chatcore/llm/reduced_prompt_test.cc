#include "chatcore/llm/reduced_prompt.h"

#include <memory>
#include <string>
#include <utility>

#include <gtest/gtest.h>

namespace chatcore::llm {
namespace {

using base::Code;
using conversation::Message;
using conversation::Role;

const Message kSystem{.role = Role::system, .content = "Be brief"};
const Message kQuestion{.content = "Question"};
const Message kAnswer{.role = Role::assistant, .content = "Answer"};
const Message kNow{.content = "Now"};

Generated failed(Code code, base::Remote remote) {
  base::Error error{code, "refused"};
  error.remote = std::make_shared<const base::Remote>(std::move(remote));
  return {.status = base::fail(std::move(error))};
}

TEST(ReducedPrompt, WithoutTurnsTheConversationsSystemMessagesAndTheRequestRemain) {
  const auto messages = reduced_messages(PromptExtent::without_turns, {kSystem, kQuestion, kAnswer, kNow}, {kNow});
  ASSERT_EQ(messages.size(), 2U);
  EXPECT_EQ(messages[0].content, "Be brief");
  EXPECT_EQ(messages[1].content, "Now");
}

TEST(ReducedPrompt, ASystemMessageOfTheRequestIsSentOnce) {
  const auto messages =
      reduced_messages(PromptExtent::without_turns, {kQuestion, kAnswer, kSystem, kNow}, {kSystem, kNow});
  EXPECT_EQ(messages.size(), 2U);
}

TEST(ReducedPrompt, FirstTheTurnsGoThenTheSystemMessages) {
  const std::vector<Message> all{kSystem, kQuestion, kAnswer, kNow};
  EXPECT_EQ(next_extent(PromptExtent::full, all, false, all, {kNow}), PromptExtent::without_turns);
  EXPECT_EQ(next_extent(PromptExtent::without_turns, all, false, all, {kNow}), PromptExtent::request_alone);
  EXPECT_EQ(next_extent(PromptExtent::request_alone, all, false, all, {kNow}), std::nullopt);
}

TEST(ReducedPrompt, NoPromptIsSentTwice) {
  const std::vector<Message> no_turns{kSystem, kNow};
  EXPECT_EQ(next_extent(PromptExtent::full, no_turns, false, no_turns, {kNow}), PromptExtent::request_alone);
  const std::vector<Message> no_system{kQuestion, kAnswer, kNow};
  EXPECT_EQ(next_extent(PromptExtent::without_turns, no_system, false, no_system, {kNow}), std::nullopt);
  EXPECT_EQ(next_extent(PromptExtent::full, {kNow}, false, {kNow}, {kNow}), std::nullopt);
  const std::vector<Message> system_last{kNow, kSystem};
  EXPECT_EQ(next_extent(PromptExtent::full, system_last, false, system_last, system_last), std::nullopt);
}

TEST(ReducedPrompt, PassagesAloneAreAReasonForASmallerPrompt) {
  EXPECT_EQ(next_extent(PromptExtent::full, {kNow}, true, {kNow}, {kNow}), PromptExtent::without_turns);
}

TEST(ReducedPrompt, OnlyABackendThatReceivedThePromptMayAcceptASmallerOne) {
  EXPECT_TRUE(may_succeed_if_reduced(failed(Code::invalid_argument, {.side = {}, .saw_request = true})));
  EXPECT_TRUE(may_succeed_if_reduced(failed(Code::unavailable, {.side = {}, .saw_request = true})));
  EXPECT_FALSE(may_succeed_if_reduced(failed(Code::unavailable, {.side = {}, .saw_request = false})))
      << "429, open breaker";
  EXPECT_FALSE(may_succeed_if_reduced(failed(Code::permission_denied, {.side = {}, .saw_request = false})))
      << "the key";
  EXPECT_FALSE(may_succeed_if_reduced({.status = base::fail(Code::unavailable, "not a backend's")}));
  EXPECT_FALSE(may_succeed_if_reduced(failed(Code::deadline_exceeded, {.side = {}, .saw_request = true})));
}

TEST(ReducedPrompt, APromptThatIsTooLongHasBeenShortenedAlready) {
  EXPECT_FALSE(may_succeed_if_reduced(
      failed(Code::invalid_argument,
             {.side = {}, .code = "context_length_exceeded", .param = "messages", .saw_request = true})));
}

TEST(ReducedPrompt, ARefusedFieldIsInASmallerPromptToo) {
  for (const char* param : {"temperature", "tools", "tools[0].function.name", "response_format.type"}) {
    EXPECT_FALSE(
        may_succeed_if_reduced(failed(Code::invalid_argument, {.side = {}, .param = param, .saw_request = true})));
  }
  for (const char* param : {"messages", "messages.2.content", "prompt"}) {
    EXPECT_TRUE(
        may_succeed_if_reduced(failed(Code::invalid_argument, {.side = {}, .param = param, .saw_request = true})));
  }
}

TEST(ReducedPrompt, AFilteredAnswerIsARefusalAndAnEmptyOneIsNot) {
  EXPECT_TRUE(may_succeed_if_reduced({.is_filtered = true}));
  EXPECT_FALSE(may_succeed_if_reduced({}));
}

}  // namespace
}  // namespace chatcore::llm

#include "chatcore/llm/reduced_prompt.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <string_view>

#include "chatcore/llm/backend_refusal.h"

namespace chatcore::llm {
namespace {

using conversation::Message;
using conversation::Role;

// Fields that a client sets, or that the operator configures, besides those of optional_fields(). Their values are the
// same in every prompt of a turn.
constexpr std::array kUnchangedFields = std::to_array<std::string_view>(
    {"model", "stream", "stop", "n", "tools", "tool_choice", "parallel_tool_calls", "functions", "function_call",
     "response_format", "logit_bias", "logprobs", "top_logprobs"});

bool is_unchanged_field(std::string_view param) {
  const std::string_view field = param.substr(0, param.find_first_of(".["));
  return std::ranges::find(kUnchangedFields, field) != kUnchangedFields.end() ||
         std::ranges::find(optional_fields(), field) != optional_fields().end();
}

bool is_system(const Message& message) { return message.role == Role::system; }

// Whether both become the same prompt, in which system messages come first (prompt_messages.h).
bool are_equal(std::vector<Message> some, std::vector<Message> others) {
  std::stable_partition(some.begin(), some.end(), is_system);
  std::stable_partition(others.begin(), others.end(), is_system);
  return std::ranges::equal(some, others, [](const Message& one, const Message& other) {
    return one.role == other.role && one.content == other.content;
  });
}

}  // namespace

std::vector<Message> reduced_messages(PromptExtent extent, const std::vector<Message>& conversation,
                                      const std::vector<Message>& request) {
  if (extent == PromptExtent::request_alone) return request;
  std::vector<Message> messages;
  // The request's own system messages are among those of the conversation.
  std::ranges::copy_if(conversation, std::back_inserter(messages), is_system);
  std::ranges::remove_copy_if(request, std::back_inserter(messages), is_system);
  return messages;
}

std::optional<PromptExtent> next_extent(PromptExtent last, const std::vector<Message>& full, bool has_additions,
                                        const std::vector<Message>& conversation, const std::vector<Message>& request) {
  const auto without_turns = reduced_messages(PromptExtent::without_turns, conversation, request);
  if (last == PromptExtent::full && (has_additions || !are_equal(full, without_turns)))
    return PromptExtent::without_turns;
  if (last != PromptExtent::request_alone && !are_equal(without_turns, request)) return PromptExtent::request_alone;
  return std::nullopt;
}

bool may_succeed_if_reduced(const Generated& generated) {
  if (generated.status) return generated.is_filtered;
  const base::Error& error = generated.status.error();
  if (!error.remote || !error.remote->saw_request) return false;
  if (error.code == base::Code::deadline_exceeded || error.code == base::Code::too_large) return false;
  return error.remote->code != "context_length_exceeded" && !is_unchanged_field(error.remote->param);
}

}  // namespace chatcore::llm

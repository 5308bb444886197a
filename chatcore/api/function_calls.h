#pragma once
// Function tools of /v1/responses, which are translated to the form of chat completions and back. For the parsers of
// requests and the builders of replies (*_requests.cc, *_replies.cc) and the handler of responses. Pure.
//
// Function calls are not stored. The id of such an item contains the call, so that a client that sends only references
// to earlier items can be answered.

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "chatcore/api/json_reader.h"
#include "chatcore/conversation/message.h"

namespace chatcore::api {

struct FunctionCall {
  std::string call_id;
  std::string name;
  std::string arguments;  // JSON text, as the model wrote it
};

// "fc_…": contains the call.
std::string id_of_call(const FunctionCall& call);
// The inverse; absent for what id_of_call() does not return.
std::optional<FunctionCall> call_in_id(std::string_view item_id);

// A function call of the input, or its output, as a message of chat completions (JSON). Its place is in front of
// message `before` of the input.
struct ToolMessage {
  std::size_t before = 0;
  std::string message;
};

// The type is "function_call" or "function_call_output".
bool is_function_item(std::string_view type);
// REQUIRES: is_function_item() of the item's type. `where` is its place. Returns "" after a fault.
std::string tool_message_of(const Json& item, const std::string& where, Fault& fault);
std::string tool_message_of(const FunctionCall& call);

// The fields "tools", "tool_choice", "parallel_tool_calls" and "text.format" as fields of a chat completion: a JSON
// object; "" without any. Refuses other tools than functions.
std::string tool_fields(JsonReader& reader);

// The messages of a chat completion (JSON), in their order. Adjacent messages of one role, and function calls next to
// one another or to an answer's text, become one message; `instructions` and all system messages are the first.
std::vector<std::string> messages_with_tools(const std::vector<conversation::Message>& input,
                                             const std::vector<ToolMessage>& tools, const std::string& instructions);

// The calls in the deltas of an answer (JSON objects). A call without an id gets one from `make_id`.
std::vector<FunctionCall> calls_in_deltas(const std::vector<std::string>& deltas, std::string (*make_id)());

}  // namespace chatcore::api

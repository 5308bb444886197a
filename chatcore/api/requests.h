#pragma once
// What clients send, parsed and checked before anything is done with it. Pure; takes text, returns values or the
// Problem to answer with. Nothing gets past here that storage or a prompt could stumble over: no NUL, no invalid
// UTF-8, no lone surrogate, no nesting without end.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/units.h"
#include "chatcore/api/problem.h"
#include "chatcore/conversation/message.h"

namespace chatcore::api {

struct AssistantRequest {
  std::string message;
  std::string conversation_id;  // empty: the client has none yet
};

struct CompletionRequest {
  std::vector<conversation::Message> messages;  // at least one; the last is the user's
  bool stream = false;
  bool include_usage = false;  // stream_options.include_usage: a last chunk with the token counts
  std::size_t max_tokens = 0;  // 0: not given
};

// One of the two is set.
struct ShedRequest {
  std::optional<base::Bytes> target_bytes;
  std::optional<base::Ratio> target_ratio;  // of the budget
};

Parsed<AssistantRequest> parse_assistant_request(std::string_view body);
Parsed<CompletionRequest> parse_completion_request(std::string_view body);
Parsed<ShedRequest> parse_shed_request(std::string_view body);

// A conversation's id as clients may choose it: 1 to 128 bytes of UTF-8 without control characters. Empty when it
// may be used, else the Problem.
std::optional<Problem> check_conversation_id(std::string_view id);

}  // namespace chatcore::api

#pragma once
// What clients of the incident's application and administrators send, parsed and checked before anything is done with
// it. Pure; takes text, returns values or the Problem to answer with. OpenAI's requests have files of their own:
// completion_requests.h, response_requests.h, conversation_requests.h, embedding_requests.h.

#include <optional>
#include <string>
#include <string_view>

#include "base/units.h"
#include "chatcore/api/problem.h"

namespace chatcore::api {

struct AssistantRequest {
  std::string message;
  std::string conversation_id;  // empty: the client has none yet
};

// One of the two is set.
struct ShedRequest {
  std::optional<base::Bytes> target_bytes;
  std::optional<base::Ratio> target_ratio;  // of the budget
};

Parsed<AssistantRequest> parse_assistant_request(std::string_view body);
Parsed<ShedRequest> parse_shed_request(std::string_view body);

// A conversation's id as clients may choose it: 1 to 128 bytes of UTF-8 without control characters. Empty when it
// may be used, else the Problem.
std::optional<Problem> check_conversation_id(std::string_view id);

}  // namespace chatcore::api

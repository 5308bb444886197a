#pragma once
// What clients send to POST /v1/chat/completions. Pure.

#include <cstddef>
#include <string_view>
#include <vector>

#include "chatcore/api/problem.h"
#include "chatcore/conversation/message.h"
#include "chatcore/llm/answerer.h"

namespace chatcore::api {

struct CompletionRequest {
  std::vector<conversation::Message> messages;  // at least one; the last is the user's
  bool stream = false;
  bool include_usage = false;  // stream_options.include_usage: a last chunk with the token counts
  std::size_t max_tokens = 0;  // 0: not given
  llm::Sampling sampling;
};

// Other settings of the sampler (seed …) and names (model, user …) are taken and have no effect; what would change the
// answer's form (tools, n, response_format …) is refused by name.
Parsed<CompletionRequest> parse_completion_request(std::string_view body);

}  // namespace chatcore::api

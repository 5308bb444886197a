#pragma once
// What clients send to POST /v1/responses. Pure.

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "chatcore/api/message_reader.h"
#include "chatcore/api/problem.h"
#include "chatcore/conversation/message.h"

namespace chatcore::api {

struct ResponseRequest {
  std::vector<conversation::Message> input;  // at least one; the last is the user's unless there are `tools`
  std::vector<ItemReference> references;     // to stored messages that belong among the input, in their order
  std::vector<ToolMessage> tools;            // function calls and outputs among the input, in their order
  std::string tool_fields = {};              // the offered tools and the text's format, for a backend; "": none
  std::string instructions;                  // for this answer alone
  std::string conversation_id;               // empty: none
  std::string previous_response_id;          // empty: none; never both
  bool store = true;
  bool stream = false;
  std::size_t max_output_tokens = 0;  // 0: not given
  std::string metadata = "{}";        // a JSON object as text
  std::optional<double> temperature;  // for the model, and shown again
  std::optional<double> top_p;
  std::string reasoning_summary;  // "auto", "concise" or "detailed": return the reasoning text; empty: do not
};

// Hints (reasoning, prompt_cache_key …) are taken and have no effect; what would change the answer's form or meaning
// (background …) is refused by name. `passes_on`: there is a backend, which gets function tools, their calls and
// outputs, and text.format. The built-in answerer accepts `tools` and calls none; the others are refused. Function
// calls are not stored, so they need the whole history in the input: no conversation and no previous response.
Parsed<ResponseRequest> parse_response_request(std::string_view body, bool passes_on);

}  // namespace chatcore::api

#pragma once
// What clients send to POST /v1/chat/completions. Pure.

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "chatcore/api/problem.h"
#include "chatcore/conversation/message.h"
#include "chatcore/llm/answerer.h"

namespace chatcore::api {

struct CompletionRequest {
  std::vector<conversation::Message> messages;  // at least one
  bool stream = false;
  bool include_usage = false;  // stream_options.include_usage: a last chunk with the token counts
  std::size_t max_tokens = 0;  // 0: not given
  llm::Sampling sampling;
  std::vector<std::string> stop = {};  // for an answerer that passes nothing on
  llm::PassedOn passed_on = {};
};

// `passes_on`: there is a backend, which gets what chatcore has no part in (tools, response_format, images, names that
// nobody here knows) as it is. Without one, offers that need not be used (tools) and names are taken and have no
// effect; what would change the answer's form is refused by name. So is, with a backend too, what chatcore would lose
// on the way back: n, logprobs, audio.
Parsed<CompletionRequest> parse_completion_request(std::string_view body, bool passes_on);

// POST /v1/completions: one prompt, which becomes the question.
Parsed<CompletionRequest> parse_text_completion_request(std::string_view body, bool passes_on);

}  // namespace chatcore::api

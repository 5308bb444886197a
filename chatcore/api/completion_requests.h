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
  std::vector<std::string> stop = {};  // for the built-in answerer; a backend gets it in `passed_on`
  llm::PassedOn passed_on = {};
};

// `passes_on`: there is a backend, and fields that chatcore does not interpret (tools, response_format, images, unknown
// fields) are passed on to it unchanged. Without a backend `tools` and unknown fields are accepted without effect, and
// fields that would change the answer's form are refused by name. Fields whose results chatcore could not return are
// always refused: n, logprobs, audio.
Parsed<CompletionRequest> parse_completion_request(std::string_view body, bool passes_on);

// POST /v1/completions: one prompt, which becomes the question.
Parsed<CompletionRequest> parse_text_completion_request(std::string_view body, bool passes_on);

}  // namespace chatcore::api

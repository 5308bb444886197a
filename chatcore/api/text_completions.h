#pragma once
// What clients send to POST /v1/completions, the older form that editors use, and what they get. Pure.

#include <cstddef>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "chatcore/api/problem.h"
#include "chatcore/llm/answerer.h"
#include "chatcore/turn.h"

namespace chatcore::api {

struct TextCompletionRequest {
  std::string prompt;
  bool stream = false;
  bool include_usage = false;
  std::size_t max_tokens = 0;  // 0: not given
  llm::Sampling sampling;
};

// A prompt is one text, or a list of one. What would change the answer's form (suffix, echo, n, best_of, logprobs, stop)
// is refused by name.
Parsed<TextCompletionRequest> parse_text_completion_request(std::string_view body);

struct TextCompletionHead {
  std::string id;  // "cmpl-…"
  std::string model;
  base::WallTime created;
};

std::string text_completion_json(const TextCompletionHead& head, std::string_view text, const TurnResult& result);
// The chunks of a stream, each a whole `data:` event.
std::string text_completion_event(const TextCompletionHead& head, std::string_view text);
std::string text_completion_end_event(const TextCompletionHead& head, const TurnResult& result);
std::string text_completion_usage_event(const TextCompletionHead& head, const TurnResult& result);

}  // namespace chatcore::api

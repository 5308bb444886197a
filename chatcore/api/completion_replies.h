#pragma once
// What POST /v1/chat/completions, POST /v1/completions and GET /v1/models answer with, in OpenAI's shapes. Pure.

#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "chatcore/llm/answerer.h"
#include "chatcore/turn.h"

namespace chatcore::api {

// What all parts of one completion have in common.
struct CompletionHead {
  std::string id;  // "chatcmpl-…"
  std::string model;
  base::WallTime created;
  bool is_text = false;        // /v1/completions: text only, neither role nor other parts
  bool counts_tokens = false;  // a stream that ends with the counts says `"usage":null` until then
};

// Collects the parts of an answer that is not streamed.
struct CompletionAnswer {
  std::string text = {};
  std::string reasoning = {};
  llm::AnswerPart reasoning_name = llm::AnswerPart::reasoning_content;
  std::string refusal = {};
  std::vector<std::string> fields = {};  // deltas (JSON objects), merged by completion_json()

  void add(llm::AnswerPart part, std::string_view piece);
};

std::string completion_json(const CompletionHead& head, const CompletionAnswer& answer, const TurnResult& result);
// The chunks of a stream, each a whole `data:` event, or "" where this kind has none: role, text, why it ended, and the
// token counts when asked for.
std::string completion_role_event(const CompletionHead& head);
std::string completion_text_event(const CompletionHead& head, std::string_view text);
// A part of the answer other than text, as the backend sent it.
std::string completion_part_event(const CompletionHead& head, llm::AnswerPart part, std::string_view piece);
std::string completion_finish_event(const CompletionHead& head, const TurnResult& result);
std::string completion_usage_event(const CompletionHead& head, const TurnResult& result);
inline constexpr std::string_view kCompletionDone = "data: [DONE]\n\n";

std::string model_json(std::string_view model, base::WallTime since);
std::string models_json(std::string_view model, base::WallTime since);

}  // namespace chatcore::api

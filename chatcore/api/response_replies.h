#pragma once
// What /v1/responses answers with: the response object, whole or as OpenAI's sequence of server-sent events. Pure.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "chatcore/api/function_calls.h"
#include "chatcore/api/problem.h"
#include "chatcore/conversation/message.h"
#include "chatcore/storage/store.h"
#include "chatcore/turn.h"

namespace chatcore::api {

// What all states of one response have in common: what was asked, and what the server chose.
struct ResponseHead {
  std::string id;  // "resp_…"
  std::string model;
  base::WallTime created;
  std::string instructions = {};
  std::string conversation_id = {};       // empty: none, or a chain, which clients do not see
  std::string previous_response_id = {};  // empty: none
  bool store = true;
  std::size_t max_output_tokens = 0;  // 0: not given
  std::string metadata = "{}";
  std::optional<double> temperature = {};
  std::optional<double> top_p = {};
  std::string reasoning_summary = {};  // as requested ("auto" …); empty: not requested
  bool may_call_functions = false;     // the answer may be function calls instead of a message
};

// A reasoning model's reasoning text: an item of its own before the answer's message.
struct ReasoningItem {
  std::string id = {};  // "rs_…"
  std::string text = {};
};

// One answer to its end. `item_id` names the answer's message.
std::string response_json(const ResponseHead& head, std::string_view item_id, std::string_view text,
                          const TurnResult& result, const ReasoningItem& reasoning = {},
                          const std::vector<FunctionCall>& calls = {});
// One read back from storage, which keeps the answer, its place and its time, and nothing else of the head.
std::string stored_response_json(const ResponseHead& head, std::string_view item_id,
                                 const conversation::Message& answer);
std::string response_deleted_json(std::string_view id);
std::string input_tokens_json(std::size_t tokens);

// The events of one stream, in OpenAI's order; each call returns the text of one or more of them:
//   response.created, response.in_progress, response.output_item.added, response.content_part.added
//   response.output_text.delta …
//   response.output_text.done, response.content_part.done, response.output_item.done,
//   response.completed | response.incomplete
// or, in place of the last four, response.failed. If a reasoning summary was requested, the reasoning text is an item
// before the message, and the message's events begin with its first text:
//   response.output_item.added, response.reasoning_summary_part.added, response.reasoning_summary_text.delta …
//   response.reasoning_summary_text.done, response.reasoning_summary_part.done, response.output_item.done
// Function calls follow the message, or come instead of it, each as an item, all at the end:
//   response.output_item.added, response.function_call_arguments.delta, response.function_call_arguments.done,
//   response.output_item.done
// Gathers the answer's text on the way. Use from one thread at a time.
class ResponseEvents {
 public:
  explicit ResponseEvents(ResponseHead head) : head_(std::move(head)) {}

  std::string begin(std::string item_id);
  // A piece of reasoning text. `make_id` returns a new "rs_…" id. Returns "" once the answer has begun.
  std::string reasoning(std::string_view text, std::string (*make_id)());
  std::string delta(std::string_view text);
  std::string end(const TurnResult& result, const std::vector<FunctionCall>& calls = {});
  std::string fail(const Problem& problem);

  [[nodiscard]] std::size_t bytes_held() const { return text_.size() + reasoning_.text.size(); }

 private:
  std::string begin_message();
  std::string end_message(const TurnResult& result);
  std::string end_reasoning();
  std::string call_events(std::size_t index, const FunctionCall& call);
  [[nodiscard]] std::size_t message_index() const { return reasoning_.id.empty() ? 0 : 1; }

  const ResponseHead head_;
  std::string item_id_;
  std::string text_;
  ReasoningItem reasoning_;
  bool has_message_ = false;
  std::uint64_t next_number_ = 0;  // sequence_number
};

}  // namespace chatcore::api

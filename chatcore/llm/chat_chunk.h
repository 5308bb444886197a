#pragma once
// Parses one event of a chat completion's stream, or a whole chat completion. Pure. Backends differ in nearly every
// field, so many variants are accepted. Nothing is trusted: NUL characters are removed from texts, numbers are checked,
// and an error's text is not repeated, since it may quote the key or the prompt.

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "chatcore/llm/answerer.h"

namespace chatcore::llm {

// Why an answer ended. Backends' different names are mapped to these; an unknown word or a number is `stop`.
enum class Finish { none, stop, length, content_filter, tool_calls, error };

// The content of the choice with index 0; other choices are ignored.
struct ChatChunk {
  bool has_choice = false;  // false: token counts, a ping, an object of another kind
  std::string text = {};
  std::string reasoning = {};          // a reasoning model's text before its answer
  bool is_reasoning_named_so = false;  // the field was "reasoning"; false: "reasoning_content"
  std::string refusal = {};            // the model's refusal text
  std::string fields = {};             // the delta's other fields (tool_calls …), a JSON object; "": none
  bool calls_tools = false;            // `fields` has a tool call
  bool is_message = false;             // the choice had a whole message, not a delta
  Finish finish = Finish::none;
  std::optional<TokenUsage> usage = {};
  bool is_repaired = false;  // its texts may hold halves of letters: for CharacterJoiner (json_repair.h)
};

// Assigns indices to the tool calls of deltas, for backends that send none, or 0 for each of several calls. Use one for
// each answer.
struct ToolCallOrder {
  std::vector<std::string> ids = {};  // of each call; "": not known
};

// Errors: corrupt when it is not JSON, unavailable when it reports an error.
base::Result<ChatChunk> parse_chat_chunk(std::string_view data, ToolCallOrder& order);

// The stream's last event.
inline constexpr std::string_view kStreamDone = "[DONE]";

// Whether `text` is one complete JSON object.
bool is_json_object(std::string_view text);

}  // namespace chatcore::llm

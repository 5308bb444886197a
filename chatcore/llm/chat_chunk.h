#pragma once
// One event of a chat completion's stream, or a whole chat completion, as backends send it. Pure. Backends differ in
// nearly every field; what can be understood is. Nothing is trusted: NUL characters are taken out of texts, numbers are
// checked, and an error's words are not repeated, since they may quote the key or the prompt.

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "chatcore/llm/answerer.h"

namespace chatcore::llm {

// Why an answer ended, of all the names that backends have for it. A word that nobody knows, and a number, are `stop`.
enum class Finish { none, stop, length, content_filter, tool_calls, error };

// What one choice says; of several only that with index 0.
struct ChatChunk {
  bool has_choice = false;  // false: token counts, a ping, an object of another kind
  std::string text = {};
  std::string reasoning = {};          // what a thinking model thinks before it answers
  bool is_reasoning_named_so = false;  // "reasoning", else "reasoning_content"
  std::string refusal = {};            // in the model's words
  std::string fields = {};             // all that is left of the delta (tool_calls …), a JSON object; "": nothing
  bool calls_tools = false;            // `fields` has a call in it
  bool is_message = false;             // a whole message stood in the delta's place
  Finish finish = Finish::none;
  std::optional<TokenUsage> usage = {};
  bool is_mended = false;  // its texts may hold halves of letters: for LetterJoiner (mended_json.h)
};

// Which call of a tool a delta is about, for backends that do not say so by an index. One for each answer.
struct ToolCallOrder {
  std::size_t calls = 0;
  std::string last_id = {};
};

// Errors: corrupt when it is not JSON, unavailable when it reports an error.
base::Result<ChatChunk> parse_chat_chunk(std::string_view data, ToolCallOrder& order);

// The stream's last event.
inline constexpr std::string_view kStreamDone = "[DONE]";

}  // namespace chatcore::llm

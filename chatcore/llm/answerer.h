#pragma once
// The writer of an answer: the built-in extractive answerer, or a backend over HTTP. Text comes piece by piece,
// stops while the client is slow (pause), and ends when the client leaves (cancel).

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/event_loop.h"
#include "base/result.h"
#include "base/units.h"
#include "chatcore/conversation/message.h"
#include "chatcore/llm/backend_statistics.h"
#include "chatcore/llm/circuit_breaker.h"
#include "chatcore/retrieval/retriever.h"

namespace chatcore::llm {

// Sampling parameters in OpenAI's terms and bounds; an absent one has the model's default.
struct Sampling {
  std::optional<double> temperature = {};        // 0 to 2
  std::optional<double> top_p = {};              // 0 to 1
  std::optional<double> presence_penalty = {};   // -2 to 2
  std::optional<double> frequency_penalty = {};  // -2 to 2
};

// Parts of a client's request that are passed on to a backend unchanged: JSON in OpenAI's form; only its syntax was
// checked.
struct PassedOn {
  // JSON of one message each, sent instead of Prompt::messages, which then have only their texts. Empty:
  // Prompt::messages are sent.
  std::vector<std::string> messages = {};
  std::string fields = {};  // fields of the request (tools, response_format …) as a JSON object; "": none
  // The text that follows the answer, which begins after Prompt::messages.back(): a text completion is requested
  // instead of a chat completion. "": none.
  std::string suffix = {};
};

// Everything an answer is made from. `messages` end with the question; `chunks` are for this prompt only.
struct Prompt {
  std::vector<conversation::Message> messages;
  std::vector<retrieval::RetrievedChunk> chunks;
  std::size_t max_tokens = 0;  // 0: the answerer's own bound
  Sampling sampling = {};
  std::vector<std::string> stop = {};  // the answer ends before any of these; a backend gets them by passed_on
  PassedOn passed_on = {};             // for an answerer that passes_on()
  std::string summary = {};            // a note of what precedes the messages (summary_prompt.h); empty: none
  Caller caller = {};
  // The same turn's larger prompt has just failed: this one is not retried, and its failure is not counted by the
  // circuit breaker.
  bool is_repeat = false;
};

struct TokenUsage {
  std::size_t prompt = 0;
  std::size_t answer = 0;
};

// How a generation came to its end.
struct Generated {
  base::Status status = {};
  bool is_cut = false;                   // it met the bound of tokens
  bool is_filtered = false;              // the backend kept the rest, or all of it, back
  bool calls_tools = false;              // the answer has tool calls
  std::optional<TokenUsage> usage = {};  // absent: nobody counted
};

// The parts of an answer. The built-in answerer sends text only.
enum class AnswerPart {
  text,
  reasoning_content,  // a reasoning model's text before its answer, in the field "reasoning_content"
  reasoning,          // the same in the field "reasoning": kept apart so that clients see the backend's own name
  refusal,            // the model's text that explains why it does not answer
  fields,             // the delta's other fields (tool_calls …) as a JSON object
};
// OpenAI's name of the delta's field; "" for `fields`.
std::string_view name_of(AnswerPart part);

// Called on a loop thread, one at a time. on_end comes exactly once unless cancelled; nothing follows it. All but
// on_text and on_end may be empty.
struct GenerationEvents {
  std::function<void(std::string_view text)> on_text;
  std::function<void(Generated)> on_end;
  // The backend has accepted the request: an answer comes, or an error in its place.
  std::function<void()> on_accepted = {};
  // The first part of the answer has come, which may be reasoning. At most once, before on_text and on_part.
  std::function<void()> on_first_byte = {};
  // Another part than text.
  std::function<void(AnswerPart part, std::string_view piece)> on_part = {};
  // The answerer buffers this number of bytes; called when the number has grown.
  std::function<void(std::size_t bytes)> on_held = {};
};

// A running generation. Destroying it cancels it. Thread-safe.
class Generation {
 public:
  virtual ~Generation() = default;
  virtual void pause() = 0;
  virtual void resume() = 0;
  virtual void cancel() = 0;  // no event begins after this returns, except one already running
};

class Answerer {
 public:
  virtual ~Answerer() = default;
  [[nodiscard]] virtual std::string_view model() const = 0;  // the name clients see in /v1/models
  [[nodiscard]] virtual std::unique_ptr<Generation> generate(Prompt prompt, GenerationEvents events,
                                                             base::EventLoop& loop) = 0;
  // Waits for nothing but this machine's processor, from generate() to the end.
  [[nodiscard]] virtual bool is_cpu_bound() const = 0;
  // Whether it sends Prompt::passed_on to a backend, and its answers have parts other than text.
  [[nodiscard]] virtual bool passes_on() const { return false; }
  // What one generation holds beside its prompt, for the memory budget.
  [[nodiscard]] virtual base::Bytes cost() const { return {0}; }
  // Absent when there is no backend.
  [[nodiscard]] virtual std::optional<BackendStatistics> statistics() const { return std::nullopt; }
};

// The bytes of its texts, and of what holds the chunks.
base::Bytes size_of(const Prompt& prompt);
base::Bytes size_of(const PassedOn& passed_on);

// Tokens as usage counts report them when the answerer itself has no tokenizer: about four bytes each.
std::size_t estimate_tokens(std::string_view text);
// Those of the prompt's messages.
std::size_t estimate_tokens(const Prompt& prompt);

}  // namespace chatcore::llm

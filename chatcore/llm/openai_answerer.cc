#include "chatcore/llm/openai_answerer.h"

#include <utility>

#include "chatcore/llm/openai_json.h"
#include "chatcore/llm/sse_parser.h"

namespace chatcore::llm {
namespace {

using Progress = CallEvents::Progress;

// What has come of one answer. Used by one thread at a time, as the call's events are.
class Reading {
 public:
  explicit Reading(GenerationEvents events) : events_(std::move(events)) {}

  base::Result<Progress> take(std::string_view bytes) {
    std::string text;  // of all events in these bytes, handed on as one
    const auto read = parser_.feed(bytes, [&](const SseEvent& event) { return take_event(event, text); });
    if (!text.empty()) events_.on_text(text);
    // Text before the fault in the same piece has been handed on like all before it.
    if (!read) return base::fail({base::Code::unavailable, read.error().message});
    return is_done_ ? Progress::complete : Progress::more;
  }

  // Some backends leave the last event out, but a finish_reason is never missing.
  [[nodiscard]] base::Status last_byte() const {
    if (is_finished_) return {};
    return base::fail(base::Code::unavailable, "the answer broke off");
  }

  void end(base::Status status) {
    events_.on_end({.status = std::move(status), .is_cut = is_cut_, .is_filtered = is_filtered_, .usage = usage_});
  }

 private:
  base::Status take_event(const SseEvent& event, std::string& text) {
    if (is_done_) return {};
    if (event.data == kStreamDone) {
      is_done_ = true;
      return {};
    }
    auto chunk = parse_chat_chunk(event.data);
    if (!chunk) return base::fail(chunk.error());
    text += chunk->text;
    is_finished_ = is_finished_ || chunk->is_finished;
    is_cut_ = is_cut_ || chunk->is_cut;
    is_filtered_ = is_filtered_ || chunk->is_filtered;
    if (chunk->usage) usage_ = chunk->usage;
    return {};
  }

  const GenerationEvents events_;
  SseParser parser_;
  bool is_done_ = false;
  bool is_finished_ = false;
  bool is_cut_ = false;
  bool is_filtered_ = false;
  std::optional<TokenUsage> usage_;
};

class CallGeneration final : public Generation {
 public:
  explicit CallGeneration(std::unique_ptr<Call> call) : call_(std::move(call)) {}
  void pause() override { call_->pause(); }
  void resume() override { call_->resume(); }
  void cancel() override { call_->cancel(); }

 private:
  const std::unique_ptr<Call> call_;
};

}  // namespace

std::unique_ptr<Generation> OpenAiAnswerer::generate(Prompt prompt, GenerationEvents events,
                                                     base::EventLoop& /*loop*/) {
  const auto reading = std::make_shared<Reading>(std::move(events));
  return std::make_unique<CallGeneration>(
      backend_->call({.path = "/chat/completions",
                      .body = chat_request(prompt, options_.model, options_.system_prompt, options_.max_tokens_field),
                      .content_type = "text/event-stream"},
                     {.on_data = [reading](std::string_view bytes) { return reading->take(bytes); },
                      .on_last_byte = [reading] { return reading->last_byte(); },
                      .on_end = [reading](base::Status status) { reading->end(std::move(status)); }}));
}

base::Bytes OpenAiAnswerer::cost() const { return {static_cast<std::int64_t>(base::kStreamCostBytes)}; }

}  // namespace chatcore::llm

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

// What one request teaches: kept until the backend has taken the request that came of it. Used as Reading is.
class Learning {
 public:
  explicit Learning(std::shared_ptr<LearnedLimits> limits) : limits_(std::move(limits)) {}

  std::string fit(std::string body) { return limits_->fitted(std::move(body), lesson_); }

  std::optional<std::string> take(const std::string& body, const BackendRefusal& refusal) {
    auto request = amended(body, refusal, lesson_);
    // A size that the backend names in a field of its own is one, even if this request cannot be made to fit.
    if (refusal.is_typed && refusal.context_tokens && lesson_.context_tokens == 0) {
      limits_->learn({.context_tokens = *refusal.context_tokens, .tokens_per_estimate = lesson_.tokens_per_estimate});
    }
    return request;
  }

  void taken() {
    if (!std::exchange(is_taken_, true)) limits_->learn(lesson_);
  }

 private:
  const std::shared_ptr<LearnedLimits> limits_;
  Lesson lesson_;
  bool is_taken_ = false;
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
  const auto learning = std::make_shared<Learning>(learned_);
  auto body = learning->fit(chat_request(prompt, options_.model, options_.system_prompt, options_.max_tokens_field));
  return std::make_unique<CallGeneration>(backend_->call(
      {.path = "/chat/completions",
       .body = std::move(body),
       .content_type = "text/event-stream",
       .asker = prompt.asker},
      {.on_data =
           [reading, learning](std::string_view bytes) {
             learning->taken();
             return reading->take(bytes);
           },
       .on_last_byte = [reading] { return reading->last_byte(); },
       .on_end = [reading](base::Status status) { reading->end(std::move(status)); },
       .on_refused = [learning](const std::string& sent,
                                const BackendRefusal& refusal) { return learning->take(sent, refusal); }}));
}

std::optional<BackendStatistics> OpenAiAnswerer::statistics() const {
  auto statistics = backend_->statistics();
  statistics.learned = learned_->report();
  return statistics;
}

base::Bytes OpenAiAnswerer::cost() const { return {static_cast<std::int64_t>(base::kStreamCostBytes)}; }

}  // namespace chatcore::llm

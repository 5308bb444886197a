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

// One prompt on its way, over as many answers as it takes until one is not a refusal.
struct Asking {
  Asking(std::shared_ptr<LearnedLimits> limits, GenerationEvents its_events)
      : learning(std::move(limits)), events(std::move(its_events)) {
    events.on_text = [this, tell = std::move(events.on_text)](std::string_view text) {
      has_said = true;
      tell(text);
    };
    reading = std::make_unique<Reading>(events);
  }
  Asking(const Asking&) = delete;
  Asking& operator=(const Asking&) = delete;

  std::optional<std::string> again(const std::string& sent, const BackendRefusal& refusal) {
    if (has_said) return std::nullopt;
    auto request = learning.take(sent, refusal);
    // What came of the refusal's own stream is no part of the answer.
    if (request) reading = std::make_unique<Reading>(events);
    return request;
  }

  Learning learning;
  GenerationEvents events;
  bool has_said = false;
  std::unique_ptr<Reading> reading;
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
  const auto asking = std::make_shared<Asking>(learned_, std::move(events));
  auto body =
      asking->learning.fit(chat_request(prompt, options_.model, options_.system_prompt, options_.max_tokens_field));
  return std::make_unique<CallGeneration>(
      backend_->call({.path = "/chat/completions",
                      .body = std::move(body),
                      .content_type = "text/event-stream",
                      .asker = prompt.asker},
                     {.on_data =
                          [asking](std::string_view bytes) {
                            auto progress = asking->reading->take(bytes);
                            if (asking->has_said) asking->learning.taken();
                            return progress;
                          },
                      .on_last_byte = [asking] { return asking->reading->last_byte(); },
                      .on_end =
                          [asking](base::Status status) {
                            if (status) asking->learning.taken();
                            asking->reading->end(std::move(status));
                          },
                      .on_refused = [asking](const std::string& sent,
                                             const BackendRefusal& refusal) { return asking->again(sent, refusal); }}));
}

std::optional<BackendStatistics> OpenAiAnswerer::statistics() const {
  auto statistics = backend_->statistics();
  statistics.learned = learned_->report();
  return statistics;
}

base::Bytes OpenAiAnswerer::cost() const { return {static_cast<std::int64_t>(base::kStreamCostBytes)}; }

}  // namespace chatcore::llm

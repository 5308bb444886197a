#include "chatcore/llm/openai_answerer.h"

#include <utility>

#include "chatcore/llm/answer_reader.h"
#include "chatcore/llm/openai_json.h"

namespace chatcore::llm {
namespace {

using Progress = CallEvents::Progress;

// on_held is called in steps of this many bytes.
constexpr std::size_t kHeldStepBytes = 64u << 10;

// What has come of one answer. Used by one thread at a time, as the call's events are.
class Reading {
 public:
  explicit Reading(GenerationEvents events) : events_(std::move(events)) {}

  void accepted() const {
    if (events_.on_accepted) events_.on_accepted();
  }

  base::Result<Progress> take(std::string_view bytes) {
    const auto read = reader_.feed(bytes, sink());
    // Text before the fault in the same piece has been handed on like all before it.
    if (!read) return base::fail({base::Code::unavailable, read.error().message});
    if (reader_.has_choice()) say_first_byte();
    say_held();
    if (reader_.is_done()) return Progress::complete;
    if (reader_.is_finished()) return Progress::finished;
    return reader_.has_begun() ? Progress::more : Progress::waiting;
  }

  [[nodiscard]] base::Status last_byte() { return reader_.finish(sink()); }

  void end(base::Status status) {
    auto generated = reader_.generated();
    generated.status = std::move(status);
    events_.on_end(std::move(generated));
  }

 private:
  AnswerReader::Sink sink() {
    return [this](AnswerPart part, std::string_view piece) {
      say_first_byte();
      if (part == AnswerPart::text) return events_.on_text(piece);
      if (events_.on_part) events_.on_part(part, piece);
    };
  }

  void say_first_byte() {
    if (!std::exchange(has_said_first_byte_, true) && events_.on_first_byte) events_.on_first_byte();
  }

  void say_held() {
    const std::size_t held = reader_.bytes_held();
    if (held < held_ + kHeldStepBytes || !events_.on_held) return;
    held_ = held;
    events_.on_held(held);
  }

  const GenerationEvents events_;
  AnswerReader reader_;
  bool has_said_first_byte_ = false;
  std::size_t held_ = 0;
};

// Adapts one request. Keeps what was learned until the backend has accepted the amended request. One thread at a time.
class RequestAdapter {
 public:
  explicit RequestAdapter(std::shared_ptr<LearnedLimits> limits) : limits_(std::move(limits)) {}

  std::string fit(std::string body) { return limits_->fitted(std::move(body), new_limits_); }

  std::optional<std::string> take(const std::string& body, const BackendRefusal& refusal) {
    auto request = amended(body, refusal, new_limits_);
    // A context length from a field of its own is reliable: learn it even if this request cannot be shortened to fit.
    if (refusal.is_typed && refusal.context_tokens && new_limits_.context_tokens == 0) {
      limits_->learn(
          {.context_tokens = *refusal.context_tokens, .tokens_per_estimate = new_limits_.tokens_per_estimate});
    }
    return request;
  }

  void accepted() {
    if (!std::exchange(is_accepted_, true)) limits_->learn(new_limits_);
  }

 private:
  const std::shared_ptr<LearnedLimits> limits_;
  BackendLimits new_limits_;
  bool is_accepted_ = false;
};

// One prompt and its attempts, until one of them is not refused.
struct PromptCall {
  PromptCall(std::shared_ptr<LearnedLimits> limits, GenerationEvents its_events)
      : adapter(std::move(limits)), events(std::move(its_events)) {
    events.on_text = [this, report = std::move(events.on_text)](std::string_view text) {
      has_text = true;
      report(text);
    };
    if (events.on_part) {
      events.on_part = [this, report = std::move(events.on_part)](AnswerPart part, std::string_view piece) {
        has_text = true;
        report(part, piece);
      };
    }
    reading = std::make_unique<Reading>(events);
  }
  PromptCall(const PromptCall&) = delete;
  PromptCall& operator=(const PromptCall&) = delete;

  std::optional<std::string> amend(const std::string& sent, const BackendRefusal& refusal) {
    if (has_text) return std::nullopt;
    auto request = adapter.take(sent, refusal);
    // Parts from the refused attempt's stream do not belong to the answer.
    if (request) reading = std::make_unique<Reading>(events);
    return request;
  }

  RequestAdapter adapter;
  GenerationEvents events;
  bool has_text = false;
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
  const auto prompt_call = std::make_shared<PromptCall>(learned_, std::move(events));
  const bool fills_in = !prompt.passed_on.suffix.empty();
  auto body = prompt_call->adapter.fit(
      fills_in ? fill_in_request(prompt, options_.model, options_.max_tokens_field)
               : chat_request(prompt, options_.model, options_.system_prompt, options_.max_tokens_field));
  return std::make_unique<CallGeneration>(backend_->call(
      {.path = fills_in ? "/completions" : "/chat/completions",
       .needed_for = fills_in ? "suffix" : "",
       .body = std::move(body),
       .content_type = "text/event-stream",
       .takes_any_type = true,
       .caller = prompt.caller,
       .is_repeat = prompt.is_repeat},
      {.on_accepted = [prompt_call] { prompt_call->reading->accepted(); },
       .on_data =
           [prompt_call](std::string_view bytes) {
             auto progress = prompt_call->reading->take(bytes);
             if (prompt_call->has_text) prompt_call->adapter.accepted();
             return progress;
           },
       .on_last_byte = [prompt_call] { return prompt_call->reading->last_byte(); },
       .on_end =
           [prompt_call](base::Status status) {
             if (status) prompt_call->adapter.accepted();
             prompt_call->reading->end(std::move(status));
           },
       .on_refused = [prompt_call](const std::string& sent,
                                   const BackendRefusal& refusal) { return prompt_call->amend(sent, refusal); }}));
}

std::optional<BackendStatistics> OpenAiAnswerer::statistics() const {
  auto statistics = backend_->statistics();
  statistics.learned = learned_->report();
  return statistics;
}

base::Bytes OpenAiAnswerer::cost() const { return {static_cast<std::int64_t>(base::kStreamCostBytes)}; }

}  // namespace chatcore::llm

#pragma once
// Answers by any OpenAI-compatible backend: POST {base_url}/chat/completions with "stream": true, or, for a text
// between two others (PassedOn::suffix), POST {base_url}/completions, which not every backend has. Each part is
// delivered as it arrives (answer_reader.h). An answer that breaks off is an error; the parts before that were
// delivered.

#include <memory>
#include <string>
#include <string_view>

#include "chatcore/llm/answerer.h"
#include "chatcore/llm/backend.h"
#include "chatcore/llm/learned_limits.h"

namespace chatcore::llm {

struct OpenAiOptions {
  std::string model;
  std::string system_prompt;                    // in front of every prompt; empty: none
  std::string max_tokens_field = "max_tokens";  // how this backend calls the bound on an answer
};

// Thread-safe.
class OpenAiAnswerer final : public Answerer {
 public:
  // `learned` is shared by all answerers of one backend and model.
  OpenAiAnswerer(OpenAiOptions options, std::shared_ptr<Backend> backend, std::shared_ptr<LearnedLimits> learned)
      : options_(std::move(options)), backend_(std::move(backend)), learned_(std::move(learned)) {}

  [[nodiscard]] std::string_view model() const override { return options_.model; }
  [[nodiscard]] std::unique_ptr<Generation> generate(Prompt prompt, GenerationEvents events,
                                                     base::EventLoop& loop) override;
  [[nodiscard]] bool is_cpu_bound() const override { return false; }
  [[nodiscard]] bool passes_on() const override { return true; }
  [[nodiscard]] base::Bytes cost() const override;
  [[nodiscard]] std::optional<BackendStatistics> statistics() const override;

 private:
  const OpenAiOptions options_;
  const std::shared_ptr<Backend> backend_;
  const std::shared_ptr<LearnedLimits> learned_;
};

}  // namespace chatcore::llm

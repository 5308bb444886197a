#pragma once
// The built-in answerer: it writes nothing of its own but quotes the sentences of the chunks that answer the
// question best, names their source, and says so plainly when there are none. It needs no key and no network, and the
// same prompt always gets the same answer, which is what the tests of everything around it live on.

#include <memory>
#include <string>
#include <string_view>

#include "chatcore/llm/answerer.h"
#include "chatcore/llm/word_stream.h"

namespace chatcore::llm {

struct ExtractiveOptions {
  double words_per_second = 0;          // 0: as fast as the client takes them
  std::size_t max_sentences = 4;        // quoted in one answer
  std::size_t max_answer_bytes = 2000;  // the answer is cut at a word's end before it
};

class ExtractiveAnswerer final : public Answerer {
 public:
  explicit ExtractiveAnswerer(ExtractiveOptions options = {});

  [[nodiscard]] std::string_view model() const override { return "leakguard-extractive"; }
  // Streams word by word on the loop, which must outlive the generation. pause() stops the timer or the posts that
  // drive it; a paused or finished generation costs the loop nothing.
  [[nodiscard]] std::unique_ptr<Generation> generate(Prompt prompt, GenerationEvents events,
                                                     base::EventLoop& loop) override;
  [[nodiscard]] bool is_cpu_bound() const override { return options_.words_per_second == 0; }

 private:
  const ExtractiveOptions options_;
};

// The whole answer at once; pure. Its text is empty only if Prompt::stop cuts it off, and is valid UTF-8 if the
// prompt is.
WholeAnswer compose_answer(const Prompt& prompt, const ExtractiveOptions& options);

}  // namespace chatcore::llm

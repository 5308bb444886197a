#include "chatcore/llm/answerer.h"

namespace chatcore::llm {

base::Bytes size_of(const Prompt& prompt) {
  std::size_t bytes = prompt.summary.size();
  for (const auto& message : prompt.messages) bytes += message.content.size();
  for (const auto& chunk : prompt.chunks) {
    bytes += sizeof chunk + chunk.text.size() + chunk.source.size();
  }
  return {static_cast<std::int64_t>(bytes) + size_of(prompt.passed_on).count};
}

base::Bytes size_of(const PassedOn& passed_on) {
  std::size_t bytes = passed_on.fields.size() + passed_on.suffix.size();
  for (const auto& message : passed_on.messages) bytes += sizeof message + message.size();
  return {static_cast<std::int64_t>(bytes)};
}

std::string_view name_of(AnswerPart part) {
  switch (part) {
    case AnswerPart::text: return "content";
    case AnswerPart::reasoning_content: return "reasoning_content";
    case AnswerPart::reasoning: return "reasoning";
    case AnswerPart::refusal: return "refusal";
    case AnswerPart::fields: return "";
  }
  return "";
}

std::size_t estimate_tokens(std::string_view text) { return (text.size() + 3) / 4; }

std::size_t estimate_tokens(const Prompt& prompt) {
  std::size_t tokens = estimate_tokens(prompt.summary);
  for (const auto& message : prompt.messages) tokens += estimate_tokens(message.content);
  return tokens;
}

}  // namespace chatcore::llm

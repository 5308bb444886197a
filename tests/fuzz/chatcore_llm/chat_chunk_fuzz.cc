// Whatever a backend says: a chunk without NUL, or an error; the same bytes as an answer, in pieces of whatever size;
// and as one with embeddings.

#include <cmath>

#include "../fuzz.h"
#include "base/utf8.h"
#include "chatcore/llm/answer_reader.h"
#include "chatcore/llm/openai_json.h"

namespace {

struct Answer {
  std::string text;
  bool is_good = true;
};

Answer read(std::string_view bytes, std::size_t piece) {
  chatcore::llm::AnswerReader reader;
  Answer answer;
  const auto sink = [&](chatcore::llm::AnswerPart part, std::string_view text) {
    if (part == chatcore::llm::AnswerPart::text) answer.text += text;
  };
  for (; !bytes.empty() && answer.is_good; bytes.remove_prefix(std::min(piece, bytes.size()))) {
    answer.is_good = reader.feed(bytes.substr(0, piece), sink).has_value();
  }
  answer.is_good = answer.is_good && reader.finish(sink).has_value();
  return answer;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto text = fuzz::text_of(data, size);
  chatcore::llm::ToolCallOrder order;
  if (const auto chunk = chatcore::llm::parse_chat_chunk(text, order)) {
    fuzz::require(chunk->text.find('\0') == std::string::npos, "a text holds no NUL");
    fuzz::require(chunk->fields.find('\0') == std::string::npos, "fields hold no NUL");
  }
  const auto whole = read(text, size + 1);
  const auto split = read(text, 1 + size % 7U);
  fuzz::require(whole.text == split.text && whole.is_good == split.is_good, "a split changes nothing");
  fuzz::require(base::is_valid_utf8(whole.text), "a text is valid UTF-8");
  if (const auto vectors = chatcore::llm::parse_embeddings(text, 1, 2)) {
    fuzz::require(vectors->size() == 1 && vectors->front().size() == 2, "a vector a text, of its length");
    const float square = vectors->front()[0] * vectors->front()[0] + vectors->front()[1] * vectors->front()[1];
    fuzz::require(square == 0 || std::abs(square - 1) < 1e-3F, "a vector is of unit length");
  }
  return 0;
}

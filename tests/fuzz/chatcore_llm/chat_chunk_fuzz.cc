// Whatever a backend says: a chunk without NUL, or an error; and the same bytes as an answer with embeddings.

#include <cmath>

#include "../fuzz.h"
#include "chatcore/llm/openai_json.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto text = fuzz::text_of(data, size);
  if (const auto chunk = chatcore::llm::parse_chat_chunk(text)) {
    fuzz::require(chunk->text.find('\0') == std::string::npos, "a text holds no NUL");
    fuzz::require(!chunk->is_cut || chunk->is_finished, "what is cut is finished");
  }
  if (const auto vectors = chatcore::llm::parse_embeddings(text, 1, 2)) {
    fuzz::require(vectors->size() == 1 && vectors->front().size() == 2, "a vector a text, of its length");
    const float square = vectors->front()[0] * vectors->front()[0] + vectors->front()[1] * vectors->front()[1];
    fuzz::require(square == 0 || std::abs(square - 1) < 1e-3F, "a vector is of unit length");
  }
  return 0;
}

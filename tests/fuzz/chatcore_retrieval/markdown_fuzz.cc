// Whatever is cut, no piece is empty, none is longer than its bound, and UTF-8 stays UTF-8.

#include "../fuzz.h"
#include "base/utf8.h"
#include "chatcore/retrieval/markdown_splitter.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace chatcore::retrieval;
  const auto text = fuzz::text_of(data, size);
  const bool is_text = base::is_valid_utf8(text);
  for (const std::string& piece : split_markdown(text, {.chunk_size = 40, .overlap = 10})) {
    fuzz::require(!piece.empty(), "no piece is empty");
    fuzz::require(piece.size() <= 40 * 4 + 201, "a piece and its headings are within their bounds");
    fuzz::require(!is_text || base::is_valid_utf8(piece), "no code point is cut");
  }
  return 0;
}

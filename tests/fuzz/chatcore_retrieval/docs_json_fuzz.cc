// Every input is either refused with a short message or gives documents whose parts are within bounds.

#include <sstream>

#include "../fuzz.h"
#include "base/utf8.h"
#include "chatcore/retrieval/docs_json.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace chatcore::retrieval;
  constexpr std::size_t kMaxValueBytes = 4096;
  std::istringstream input{std::string(fuzz::text_of(data, size))};
  const auto status = read_docs_json(input, kMaxValueBytes, [&](const StoredDocument& document) -> base::Status {
    fuzz::require(document.text.size() <= kMaxValueBytes + 1, "a text is within its bound");
    fuzz::require(base::is_valid_utf8(document.text), "a text is UTF-8");
    fuzz::require(document.embedding.size() <= size, "no number comes from nowhere");
    return {};
  });
  if (!status) {
    const auto code = status.error().code;
    fuzz::require(code == base::Code::corrupt || code == base::Code::too_large, "a wrong file is corrupt or too large");
    fuzz::require(status.error().message.size() < 200, "a message is short whatever the text");
  }
  return 0;
}

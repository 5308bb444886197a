// Request targets, percent-encoding and queries: whatever comes, a path begins with '/' and holds no NUL.

#include <string>

#include "../fuzz.h"
#include "base/http_text.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto text = fuzz::text_of(data, size);
  if (const auto decoded = base::percent_decoded(text)) {
    fuzz::require(decoded->size() <= text.size(), "decoding never makes a text longer");
    fuzz::require(decoded->find('\0') == std::string::npos, "a decoded text holds no NUL");
  }
  if (const auto target = base::parse_target(text)) {
    fuzz::require(target->path.starts_with('/'), "a path begins with a slash");
    fuzz::require(target->path.find('\0') == std::string::npos, "a path holds no NUL");
    fuzz::require(target->query.find_first_of("\r\n #") == std::string::npos, "a query holds no space or line end");
  }
  const auto value = base::find_query_value(text, "a");
  fuzz::require(value.size() <= text.size(), "a query's value is part of it");
  return 0;
}

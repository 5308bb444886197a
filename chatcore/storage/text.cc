#include "chatcore/storage/text.h"

#include "base/utf8.h"

namespace chatcore::storage {

std::string_view storable_text(std::string_view text, std::string& scratch) {
  if (text.find('\0') == std::string_view::npos && base::is_valid_utf8(text)) return text;
  scratch.clear();
  for (std::size_t at = 0; at < text.size();) {
    const auto point = base::decode_utf8(text, at);
    constexpr char32_t kReplacement = 0xFFFD;
    base::append_utf8(scratch, point.value == 0 ? kReplacement : point.value);
    at += point.length;
  }
  return scratch;
}

}  // namespace chatcore::storage

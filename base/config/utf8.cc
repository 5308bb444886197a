#include "base/config/utf8.h"

#include <array>
#include <cstdio>
#include <string>

namespace base::config {

namespace {

unsigned byte_at(std::string_view text, std::size_t index) { return static_cast<unsigned char>(text[index]); }

// Length of the well-formed sequence that begins at `index` (RFC 3629: no overlong forms, no surrogates, up to
// U+10FFFF); 0 when there is none.
std::size_t sequence_length(std::string_view text, std::size_t index) {
  const unsigned lead = byte_at(text, index);
  if (lead < 0x80) return 1;
  const std::size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  if (lead < 0xC2 || lead > 0xF4 || index + length > text.size()) return 0;
  const unsigned second = byte_at(text, index + 1);
  const unsigned lowest = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
  const unsigned highest = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
  if (second < lowest || second > highest) return 0;
  for (std::size_t i = 2; i < length; ++i) {
    if ((byte_at(text, index + i) & 0xC0) != 0x80) return 0;
  }
  return length;
}

bool is_control(unsigned byte) { return (byte < 0x20 && byte != '\t' && byte != '\n' && byte != '\r') || byte == 0x7F; }

std::string hexadecimal(unsigned byte) {
  std::array<char, 8> buffer{};
  std::snprintf(buffer.data(), buffer.size(), "0x%02X", byte);
  return buffer.data();
}

}  // namespace

std::optional<YamlProblem> find_unprintable(std::string_view text) {
  Position at{1, 1};
  for (std::size_t i = 0; i < text.size();) {
    const unsigned byte = byte_at(text, i);
    if (is_control(byte)) return YamlProblem{at, "the control byte " + hexadecimal(byte) + " does not belong here"};
    const std::size_t length = sequence_length(text, i);
    if (length == 0) return YamlProblem{at, "the byte " + hexadecimal(byte) + " is not valid UTF-8"};
    i += length;
    if (byte == '\n')
      at = {at.line + 1, 1};
    else
      ++at.column;
  }
  return std::nullopt;
}

}  // namespace base::config

#include "base/config/printable.h"

#include <array>
#include <cstdio>
#include <string>

#include "base/utf8.h"

namespace base::config {

namespace {

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
    const auto byte = static_cast<unsigned char>(text[i]);
    if (is_control(byte)) return YamlProblem{at, "the control byte " + hexadecimal(byte) + " does not belong here"};
    const CodePoint character = decode_utf8(text, i);
    if (!character.is_valid) return YamlProblem{at, "the byte " + hexadecimal(byte) + " is not valid UTF-8"};
    i += character.length;
    if (byte == '\n')
      at = {at.line + 1, 1};
    else
      ++at.column;
  }
  return std::nullopt;
}

}  // namespace base::config

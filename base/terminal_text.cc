#include "base/terminal_text.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdio>

#include "base/utf8.h"

namespace base {
namespace {

bool is_within(std::uint32_t code, std::uint32_t least, std::uint32_t most) { return code >= least && code <= most; }

enum class Form { text, lines, json };

std::uint32_t shown_code(const CodePoint& character, char byte, Form form) {
  return character.is_valid || form == Form::json ? character.value : static_cast<std::uint8_t>(byte);
}

std::string escaped(std::string_view text, Form form) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const CodePoint character = decode_utf8(text, 0);
    const bool is_layout = form != Form::text && (text.front() == '\n' || text.front() == '\t');
    if (character.is_valid && (is_layout || !is_unsafe_on_terminal(character.value))) {
      out.append(text.substr(0, character.length));
    } else {
      const std::uint32_t code = shown_code(character, text.front(), form);
      std::array<char, 16> escape;
      const int length =
          std::snprintf(escape.data(), escape.size(), form == Form::json || code > 0xff ? "\\u%04x" : "\\x%02x", code);
      out.append(escape.data(), static_cast<std::size_t>(length));
    }
    text.remove_prefix(character.length);
  }
  return out;
}

}  // namespace

bool is_unsafe_on_terminal(std::uint32_t code_point) {
  return code_point < 0x20 || is_within(code_point, 0x7f, 0x9f) || code_point == 0x061c ||
         is_within(code_point, 0x200e, 0x200f) || is_within(code_point, 0x2028, 0x202e) ||
         is_within(code_point, 0x2066, 0x2069);
}

std::string terminal_text(std::string_view text) { return escaped(text, Form::text); }
std::string terminal_lines(std::string_view text) { return escaped(text, Form::lines); }
std::string terminal_json(std::string_view document) { return escaped(document, Form::json); }

}  // namespace base

#include "base/terminal_text.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdio>

namespace base {
namespace {

struct Character {
  std::uint32_t code = 0;
  std::size_t size = 0;  // 0: the byte is not UTF-8
};

// RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF.
Character character_at(std::string_view text) {
  const auto byte = [&](std::size_t index) { return static_cast<std::uint8_t>(text[index]); };
  const std::uint8_t first = byte(0);
  if (first < 0x80) return {first, 1};
  const std::size_t size = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (first < 0xc2 || first > 0xf4 || text.size() < size) return {};
  std::uint32_t code = first & (0x7fu >> size);
  for (std::size_t index = 1; index < size; ++index) {
    if ((byte(index) & 0xc0) != 0x80) return {};
    code = code << 6 | (byte(index) & 0x3fu);
  }
  constexpr std::array<std::uint32_t, 5> kLeast = {0, 0, 0x80, 0x800, 0x10000};
  if (code < kLeast[size] || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) return {};
  return {code, size};
}

bool is_within(std::uint32_t code, std::uint32_t least, std::uint32_t most) { return code >= least && code <= most; }

enum class Form { text, lines, json };

std::uint32_t shown_code(const Character& character, char byte, Form form) {
  constexpr std::uint32_t kReplacement = 0xfffd;
  if (character.size > 0) return character.code;
  return form == Form::json ? kReplacement : static_cast<std::uint8_t>(byte);
}

std::string escaped(std::string_view text, Form form) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const Character character = character_at(text);
    const std::size_t size = std::max<std::size_t>(character.size, 1);
    const bool is_layout = form != Form::text && (text.front() == '\n' || text.front() == '\t');
    if (character.size > 0 && (is_layout || !is_unsafe_on_terminal(character.code))) {
      out.append(text.substr(0, size));
    } else {
      const std::uint32_t code = shown_code(character, text.front(), form);
      std::array<char, 16> escape;
      const int length =
          std::snprintf(escape.data(), escape.size(), form == Form::json || code > 0xff ? "\\u%04x" : "\\x%02x", code);
      out.append(escape.data(), static_cast<std::size_t>(length));
    }
    text.remove_prefix(size);
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

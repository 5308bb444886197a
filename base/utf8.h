#pragma once
// UTF-8 (RFC 3629): decoding, encoding and cutting of text that may hold any bytes. Pure; never fails on bad ones.

#include <cstddef>
#include <string>
#include <string_view>

namespace base {

constexpr char32_t kReplacementCharacter = 0xFFFD;

struct CodePoint {
  char32_t value = kReplacementCharacter;
  std::size_t length = 1;  // bytes it takes
  bool is_valid = false;   // false: one byte that belongs to no valid sequence
};

// The code point that begins at byte `at`, which must lie inside `text`. Overlong forms, surrogates and values above
// U+10FFFF are invalid.
CodePoint decode_utf8(std::string_view text, std::size_t at);
bool is_valid_utf8(std::string_view text);
// Each byte that is not valid is replaced by U+FFFD.
std::string to_valid_utf8(std::string_view text);
void append_utf8(std::string& text, char32_t value);

// Whether the byte is not the first of a sequence.
constexpr bool is_utf8_continuation(char byte) { return (static_cast<unsigned char>(byte) & 0xC0U) == 0x80U; }

// The byte position `count` code points after `at`, or the end of the text.
std::size_t forward_code_points(std::string_view text, std::size_t at, std::size_t count);
// The byte position `count` code points before `at` (a boundary), or 0.
std::size_t back_code_points(std::string_view text, std::size_t at, std::size_t count);
// The longest beginning, or end, of `text` that has at most `max_bytes` and cuts no code point.
std::string_view utf8_prefix(std::string_view text, std::size_t max_bytes);
std::string_view utf8_suffix(std::string_view text, std::size_t max_bytes);

}  // namespace base

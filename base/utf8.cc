#include "base/utf8.h"

#include <algorithm>

namespace base {

CodePoint decode_utf8(std::string_view text, std::size_t at) {
  const auto byte = [&](std::size_t index) { return static_cast<unsigned char>(text[index]); };
  const unsigned char lead = byte(at);
  if (lead < 0x80) return {lead, 1, true};
  const std::size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  if (lead < 0xC2 || lead > 0xF4 || text.size() - at < length) return {};
  char32_t value = lead & (0x7Fu >> length);
  for (std::size_t i = 1; i < length; ++i) {
    if (!is_utf8_continuation(text[at + i])) return {};
    value = (value << 6) | (byte(at + i) & 0x3Fu);
  }
  constexpr char32_t kSmallest[] = {0, 0, 0x80, 0x800, 0x10000};  // by length; below it the form is overlong
  if (value < kSmallest[length] || value > 0x10FFFF || (value >= 0xD800 && value <= 0xDFFF)) return {};
  return {value, length, true};
}

bool is_valid_utf8(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    const CodePoint point = decode_utf8(text, at);
    if (!point.is_valid) return false;
    at += point.length;
  }
  return true;
}

void append_utf8(std::string& text, char32_t value) {
  const auto put = [&](char32_t byte) { text.push_back(static_cast<char>(byte)); };
  const auto tail = [&](int shift) { put(0x80 | ((value >> shift) & 0x3F)); };
  if (value < 0x80) {
    put(value);
  } else if (value < 0x800) {
    put(0xC0 | (value >> 6));
    tail(0);
  } else if (value < 0x10000) {
    put(0xE0 | (value >> 12));
    tail(6);
    tail(0);
  } else {
    put(0xF0 | (value >> 18));
    tail(12);
    tail(6);
    tail(0);
  }
}

std::size_t forward_code_points(std::string_view text, std::size_t at, std::size_t count) {
  for (; count > 0 && at < text.size(); --count) at += decode_utf8(text, at).length;
  return at;
}

std::size_t back_code_points(std::string_view text, std::size_t at, std::size_t count) {
  for (; count > 0 && at > 0; --count) {
    std::size_t length = 1;
    for (std::size_t candidate = 2; candidate <= std::min<std::size_t>(4, at); ++candidate) {
      if (decode_utf8(text, at - candidate).length == candidate) length = candidate;
    }
    at -= length;
  }
  return at;
}

std::string_view utf8_prefix(std::string_view text, std::size_t max_bytes) {
  if (text.size() <= max_bytes) return text;
  std::size_t end = 0;
  // Only the last few bytes decide; begin at a place that is no continuation byte.
  std::size_t at = max_bytes > 4 ? max_bytes - 4 : 0;
  while (at > 0 && is_utf8_continuation(text[at])) --at;
  for (end = at; at < text.size(); end = at) {
    at += decode_utf8(text, at).length;
    if (at > max_bytes) break;
  }
  return text.substr(0, end);
}

std::string_view utf8_suffix(std::string_view text, std::size_t max_bytes) {
  std::size_t begin = text.size() - std::min(text.size(), max_bytes);
  for (int skipped = 0; skipped < 3 && begin < text.size() && is_utf8_continuation(text[begin]); ++skipped) ++begin;
  return text.substr(begin);
}

std::string to_valid_utf8(std::string_view text) {
  std::string valid;
  valid.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    const CodePoint character = decode_utf8(text, at);
    if (character.is_valid)
      valid += text.substr(at, character.length);
    else
      append_utf8(valid, kReplacementCharacter);
    at += character.length;
  }
  return valid;
}

}  // namespace base

#include "chatcore/retrieval/utf8.h"

#include <algorithm>

namespace chatcore::retrieval {
namespace {

constexpr char32_t kReplacement = 0xFFFD;
constexpr CodePoint kInvalid{kReplacement, 1};

bool is_between(char32_t value, char32_t first, char32_t last) { return value >= first && value <= last; }

}  // namespace

CodePoint decode_utf8(std::string_view text, std::size_t at) {
  const auto byte = [&](std::size_t index) { return static_cast<unsigned char>(text[index]); };
  const unsigned char lead = byte(at);
  if (lead < 0x80) return {lead, 1};
  const std::size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  if (lead < 0xC2 || lead > 0xF4 || text.size() - at < length) return kInvalid;
  char32_t value = lead & (0x7Fu >> length);
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(at + i) & 0xC0) != 0x80) return kInvalid;
    value = (value << 6) | (byte(at + i) & 0x3Fu);
  }
  constexpr char32_t kSmallest[] = {0, 0, 0x80, 0x800, 0x10000};  // by length; below it the form is overlong
  if (value < kSmallest[length] || value > 0x10FFFF || is_between(value, 0xD800, 0xDFFF)) return kInvalid;
  return {value, length};
}

bool is_valid_utf8(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    const CodePoint point = decode_utf8(text, at);
    if (point.value == kReplacement && point.length == 1) return false;  // a real U+FFFD takes three bytes
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
  while (at > 0 && (static_cast<unsigned char>(text[at]) & 0xC0) == 0x80) --at;
  for (end = at; at < text.size(); end = at) {
    at += decode_utf8(text, at).length;
    if (at > max_bytes) break;
  }
  return text.substr(0, end);
}

bool is_word_character(char32_t value) {
  if (value < 0x80) {
    return is_between(value, '0', '9') || is_between(value, 'a', 'z') || is_between(value, 'A', 'Z');
  }
  if (value < 0xC0) return value == 0xAA || value == 0xB5 || value == 0xBA;
  const bool is_sign = value == 0xD7 || value == 0xF7 || is_between(value, 0x2000, 0x206F) ||
                       is_between(value, 0x20A0, 0x20CF) || is_between(value, 0x2190, 0x2BFF) ||
                       is_between(value, 0x3000, 0x303F) || is_between(value, 0xFE30, 0xFE4F) ||
                       is_between(value, 0xFF00, 0xFF0F) || is_between(value, 0xFF1A, 0xFF20) || value == 0x060C ||
                       value == 0x061B || value == 0x061F || value == kReplacement;
  return !is_sign;
}

bool is_unspaced_script(char32_t value) {
  return is_between(value, 0x3040, 0x30FF) || is_between(value, 0x3400, 0x9FFF) || is_between(value, 0xAC00, 0xD7AF) ||
         is_between(value, 0x20000, 0x3FFFF);
}

char32_t to_lower(char32_t value) {
  if (is_between(value, 'A', 'Z')) return value + 32;
  if (value < 0xC0) return value;
  if (is_between(value, 0xC0, 0xDE) && value != 0xD7) return value + 32;
  // Latin Extended-A comes in pairs, the capital first; which parity that is changes along the way.
  if (is_between(value, 0x100, 0x137) || is_between(value, 0x14A, 0x177)) return value | 1u;
  if (is_between(value, 0x139, 0x148) || is_between(value, 0x179, 0x17E)) return value + (value & 1u);
  if (is_between(value, 0x391, 0x3A9)) return value + 32;
  if (is_between(value, 0x400, 0x40F)) return value + 80;
  if (is_between(value, 0x410, 0x42F)) return value + 32;
  return value;
}

char32_t fold(char32_t value) {
  // From U+00E0 on; what is a letter of its own stays.
  constexpr std::u32string_view kLatin = U"aaaaaaæceeeeiiiiðnooooo÷ouuuuyþy";
  if (is_between(value, 0xE0, 0xFF)) return kLatin[value - 0xE0];
  switch (value) {
    case 0x622:  // alef with madda, with hamza above, below
    case 0x623:
    case 0x625: return 0x627;
    case 0x629: return 0x647;  // teh marbuta
    case 0x643: return 0x6A9;  // Arabic kaf
    case 0x626:                // yeh with hamza
    case 0x649:
    case 0x64A: return 0x6CC;  // Arabic yeh
    default: return value;
  }
}

bool is_mark(char32_t value) {
  return is_between(value, 0x300, 0x36F) || is_between(value, 0x64B, 0x65F) || value == 0x640 || value == 0x670;
}

}  // namespace chatcore::retrieval

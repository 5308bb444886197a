#include "guard/source/log/text.h"

#include <array>
#include <cstddef>

namespace guard::source {
namespace {

constexpr unsigned char kEscape = 0x1b;
constexpr unsigned char kBell = 0x07;
constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";

unsigned char byte_at(std::string_view text, std::size_t at) { return static_cast<unsigned char>(text[at]); }

bool is_within(unsigned char byte, unsigned char least, unsigned char most) { return byte >= least && byte <= most; }

// The 7-bit letter after ESC that a two-byte control character (U+0080 to U+009F) stands for; 0 when there is none.
unsigned char c1_letter(std::string_view text, std::size_t at) {
  if (at + 1 >= text.size() || byte_at(text, at) != 0xc2 || !is_within(byte_at(text, at + 1), 0x80, 0x9f)) return 0;
  return static_cast<unsigned char>(byte_at(text, at + 1) - 0x40);
}

// Parameters, intermediates, one final byte (ECMA-48, 5.4). Ends before a byte that cannot be part of it.
std::size_t end_of_csi(std::string_view text, std::size_t at) {
  while (at < text.size() && is_within(byte_at(text, at), 0x20, 0x3f)) ++at;
  if (at < text.size() && is_within(byte_at(text, at), 0x40, 0x7e)) ++at;
  return at;
}

// Up to BEL or ST (ESC \ or U+009C); another ESC breaks the string off. Without an end: `at`, so that the text stays.
std::size_t end_of_string(std::string_view text, std::size_t at) {
  for (std::size_t i = at; i < text.size(); ++i) {
    if (byte_at(text, i) == kBell) return i + 1;
    if (byte_at(text, i) == kEscape) return i + 1 < text.size() && text[i + 1] == '\\' ? i + 2 : at;
    if (c1_letter(text, i) == '\\') return i + 2;
  }
  return at;
}

std::size_t end_of_sequence(std::string_view text, std::size_t at, unsigned char letter) {
  switch (letter) {
    case '[': return end_of_csi(text, at);
    case ']':
    case 'P':
    case 'X':
    case '^':
    case '_': return end_of_string(text, at);
    default: return at;
  }
}

// The end of what begins at `at` and is to be removed; `at` when it is text.
std::size_t end_of_removed(std::string_view text, std::size_t at) {
  const unsigned char byte = byte_at(text, at);
  if (byte == '\0' || byte == '\r') return at + 1;
  if (text.substr(at).starts_with(kByteOrderMark)) return at + kByteOrderMark.size();
  if (const unsigned char letter = c1_letter(text, at); letter != 0) return end_of_sequence(text, at + 2, letter);
  if (byte != kEscape) return at;
  std::size_t end = at + 1;
  if (end == text.size()) return end;
  const unsigned char letter = byte_at(text, end);
  if (is_within(letter, 0x20, 0x2f)) {  // such as ESC ( B, which `tput sgr0` writes
    while (end < text.size() && is_within(byte_at(text, end), 0x20, 0x2f)) ++end;
    return end < text.size() && is_within(byte_at(text, end), 0x30, 0x7e) ? end + 1 : end;
  }
  if (!is_within(letter, 0x30, 0x7e)) return end;
  return end_of_sequence(text, end + 1, letter);
}

constexpr std::array<bool, 256> kMayBegin = [] {
  std::array<bool, 256> may{};
  may[0] = may['\r'] = may[kEscape] = may[0xc2] = may[0xef] = true;
  return may;
}();

// The next byte from `at` on with which something to be removed may begin.
std::size_t next_candidate(std::string_view text, std::size_t at) {
  while (at < text.size() && !kMayBegin[byte_at(text, at)]) ++at;
  return at;
}

}  // namespace

std::string_view clean_log_line(std::string_view line, std::string& buffer) {
  bool is_clean = true;
  std::size_t kept_from = 0;
  for (std::size_t at = next_candidate(line, 0); at < line.size(); at = next_candidate(line, at)) {
    const std::size_t end = end_of_removed(line, at);
    if (end == at) {
      ++at;
      continue;
    }
    if (is_clean) buffer.clear();
    is_clean = false;
    buffer.append(line.substr(kept_from, at - kept_from));
    at = kept_from = end;
  }
  if (is_clean) return line;
  buffer.append(line.substr(kept_from));
  return buffer;
}

}  // namespace guard::source

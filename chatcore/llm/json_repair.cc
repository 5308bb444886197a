#include "chatcore/llm/json_repair.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>

#include "base/utf8.h"

namespace chatcore::llm {
namespace {

constexpr char32_t kReplacement = 0xFFFD;
constexpr char32_t kSurrogates = 0xD800;
constexpr char32_t kLowSurrogates = 0xDC00;
constexpr char32_t kSurrogatesEnd = 0xE000;
// Code points for halves of characters in a repaired document: the end of the last private-use plane.
constexpr char32_t kPrivateSurrogates = 0x10F000;
constexpr char32_t kPrivateBytes = 0x10F800;
constexpr char32_t kPrivateEnd = kPrivateBytes + 0x100;

bool is_high(char32_t unit) { return unit >= kSurrogates && unit < kLowSurrogates; }
bool is_low(char32_t unit) { return unit >= kLowSurrogates && unit < kSurrogatesEnd; }

// The UTF-16 unit of an escape "\uXXXX" that begins at `at`.
std::optional<char32_t> escaped_unit(std::string_view text, std::size_t at) {
  constexpr std::size_t kLength = 6;
  if (text.size() < at + kLength || text[at] != '\\' || text[at + 1] != 'u') return std::nullopt;
  char32_t unit = 0;
  for (const char c : text.substr(at + 2, 4)) {
    const char lower = c >= 'A' && c <= 'F' ? static_cast<char>(c - 'A' + 'a') : c;
    const bool is_digit = lower >= '0' && lower <= '9';
    if (!is_digit && (lower < 'a' || lower > 'f')) return std::nullopt;
    unit = unit * 16 + static_cast<char32_t>(is_digit ? lower - '0' : lower - 'a' + 10);
  }
  return unit;
}

class Mender {
 public:
  explicit Mender(std::string_view text) : text_(text) {}

  std::string mend() {
    mended_.reserve(text_.size() + 16);
    while (at_ < text_.size()) {
      if (is_in_string_)
        take_in_string();
      else
        take_outside();
    }
    return std::move(mended_);
  }

 private:
  void take_outside() {
    constexpr std::array<std::string_view, 3> kNoNumbers{"NaN", "-Infinity", "Infinity"};
    for (const auto name : kNoNumbers) {
      if (!text_.substr(at_).starts_with(name)) continue;
      mended_ += "null";
      at_ += name.size();
      return;
    }
    if (text_[at_] == '"') is_in_string_ = true;
    copy(1);
  }

  void take_in_string() {
    const char c = text_[at_];
    if (c == '\\') return take_escape();
    if (static_cast<unsigned char>(c) < 0x20) {
      constexpr std::string_view kDigits = "0123456789abcdef";
      const auto byte = static_cast<unsigned char>(c);
      mended_.append("\\u00").append({kDigits[byte >> 4U], kDigits[byte & 15U]});
      ++at_;
      return;
    }
    const auto point = base::decode_utf8(text_, at_);
    if (point.value == kReplacement && point.length == 1) {
      base::append_utf8(mended_, kPrivateBytes + static_cast<unsigned char>(c));
      ++at_;
      return;
    }
    if (c == '"') is_in_string_ = false;
    copy(point.length);
  }

  void take_escape() {
    constexpr std::size_t kUnitLength = 6;
    const auto unit = escaped_unit(text_, at_);
    if (!unit || (!is_high(*unit) && !is_low(*unit))) return copy(unit ? kUnitLength : 2);
    const auto next = escaped_unit(text_, at_ + kUnitLength);
    if (is_high(*unit) && next && is_low(*next)) return copy(2 * kUnitLength);
    base::append_utf8(mended_, kPrivateSurrogates + (*unit - kSurrogates));
    at_ += kUnitLength;
  }

  void copy(std::size_t length) {
    mended_.append(text_.substr(at_, length));
    at_ = std::min(at_ + length, text_.size());
  }

  const std::string_view text_;
  std::size_t at_ = 0;
  bool is_in_string_ = false;
  std::string mended_;
};

}  // namespace

std::string repair_json(std::string_view text) { return Mender(text).mend(); }

std::string CharacterJoiner::join(std::string_view piece, bool is_repaired) {
  std::string text;
  if (!is_repaired) {
    if (!piece.empty()) give_up_half(text);
    return text.append(piece);
  }
  for (std::size_t at = 0; at < piece.size();) {
    const auto point = base::decode_utf8(piece, at);
    take(point.value, text);
    at += point.length;
  }
  return text;
}

void CharacterJoiner::take(char32_t value, std::string& text) {
  const bool is_byte = value >= kPrivateBytes && value < kPrivateEnd;
  if (is_byte) return take_byte(static_cast<char>(value - kPrivateBytes), text);
  const bool is_unit = value >= kPrivateSurrogates && value < kPrivateBytes;
  const char32_t unit = is_unit ? kSurrogates + (value - kPrivateSurrogates) : 0;
  if (is_low(unit) && high_ != 0) {
    base::append_utf8(text, 0x10000 + ((high_ - kSurrogates) << 10U) + (unit - kLowSurrogates));
    high_ = 0;
    return;
  }
  give_up_half(text);
  if (is_high(unit)) {
    high_ = unit;
    return;
  }
  base::append_utf8(text, is_unit ? kReplacement : value);
}

void CharacterJoiner::take_byte(char byte, std::string& text) {
  if (high_ != 0) give_up_half(text);
  const bool continues = base::is_utf8_continuation(byte);
  if (!continues) give_up_half(text);
  if (bytes_.empty() &&
      (continues || static_cast<unsigned char>(byte) < 0xC2 || static_cast<unsigned char>(byte) > 0xF4)) {
    base::append_utf8(text, kReplacement);
    return;
  }
  bytes_ += byte;
  const auto lead = static_cast<unsigned char>(bytes_.front());
  const std::size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  if (bytes_.size() < length) return;
  if (base::is_valid_utf8(bytes_))
    text += bytes_;
  else
    base::append_utf8(text, kReplacement);
  bytes_.clear();
}

void CharacterJoiner::give_up_half(std::string& text) {
  if (high_ == 0 && bytes_.empty()) return;
  high_ = 0;
  bytes_.clear();
  base::append_utf8(text, kReplacement);
}

std::string CharacterJoiner::rest() {
  std::string text;
  give_up_half(text);
  return text;
}

}  // namespace chatcore::llm

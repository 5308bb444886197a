#pragma once
// The two forms that nearly all kernel text files have: a number on a line, and lines of "key value".

#include <charconv>
#include <concepts>
#include <cstdint>
#include <limits>
#include <optional>
#include <string_view>
#include <utility>

#include "base/units.h"

namespace guard::source {

constexpr std::string_view without_blanks(std::string_view text) {
  constexpr std::string_view kBlanks = " \t\r\n\0";
  const auto first = text.find_first_not_of(kBlanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

// The whole text, but for blanks around it, as a decimal number. nullopt for anything else, and when it does not fit.
template <std::integral Number>
std::optional<Number> parse_number(std::string_view text) {
  text = without_blanks(text);
  Number number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

inline std::optional<base::Bytes> parse_byte_count(std::string_view text) {
  const auto number = parse_number<std::int64_t>(text);
  return number && *number >= 0 ? std::optional(base::Bytes{*number}) : std::nullopt;
}

// A counter in some unit of time. nullopt when it is negative, or so large that it is no plausible time (292 years).
template <class Unit>
std::optional<base::Duration> parse_time(std::string_view text) {
  constexpr auto kMost = std::chrono::duration_cast<Unit>(base::Duration::max()).count();
  const auto number = parse_number<std::int64_t>(text);
  return number && *number >= 0 && *number <= kMost ? std::optional<base::Duration>(Unit(*number)) : std::nullopt;
}

// Takes the text up to `separator` off the front of `rest`; the separator itself goes.
constexpr std::string_view take_until(std::string_view& rest, char separator) {
  const auto at = rest.find(separator);
  const auto front = rest.substr(0, at);
  rest.remove_prefix(at == std::string_view::npos ? rest.size() : at + 1);
  return front;
}

// Calls `field(key, value)` for each line "key value" or "key: value"; lines of other forms are passed over.
template <class Field>
void for_each_field(std::string_view text, Field field) {
  while (!text.empty()) {
    std::string_view line = take_until(text, '\n');
    std::string_view key = take_until(line, ' ');
    if (const auto tab = key.find('\t'); tab != std::string_view::npos) {  // /proc/PID/status: "Key:\tvalue"
      line = std::string_view(key.data() + tab + 1,
                              static_cast<std::size_t>(line.data() + line.size() - key.data()) - tab - 1);
      key = key.substr(0, tab);
    }
    if (!key.empty() && key.back() == ':') key.remove_suffix(1);
    line = without_blanks(line);
    if (!key.empty() && !line.empty()) field(key, line);
  }
}

}  // namespace guard::source

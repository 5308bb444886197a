#include "base/units.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <optional>
#include <string>

namespace base {

namespace {

constexpr std::size_t kMaxEchoed = 40;  // how much of a wrong input an error message repeats

tl::unexpected<Error> refuse(std::string_view what, std::string_view text, std::string_view examples) {
  std::string message = "not a ";
  message.append(what).append(": \"").append(text.substr(0, kMaxEchoed));
  if (text.size() > kMaxEchoed) message.append("...");
  message.append("\"; write for example ").append(examples);
  return fail(Code::invalid_argument, std::move(message));
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

std::string lower_case(std::string_view text) {
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return lower;
}

// Takes a plain decimal number ("12", "0.5"; no sign, exponent, "inf" or "nan") from the front of `text`.
std::optional<double> take_number(std::string_view& text) {
  std::size_t end = 0;
  while (end < text.size() && is_digit(text[end])) ++end;
  if (end == 0) return std::nullopt;
  if (end + 1 < text.size() && text[end] == '.' && is_digit(text[end + 1])) {
    ++end;
    while (end < text.size() && is_digit(text[end])) ++end;
  }
  double value = 0;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + end, value, std::chars_format::fixed);
  if (error != std::errc() || stop != text.data() + end) return std::nullopt;
  text.remove_prefix(end);
  return value;
}

// The number of bytes in one of `suffix` (lower case), or nothing for an unknown suffix.
std::optional<std::int64_t> bytes_in(std::string_view suffix) {
  if (suffix.empty() || suffix == "b") return 1;
  constexpr std::string_view kLetters = "kmgtp";
  const auto power = kLetters.find(suffix.front());
  if (power == std::string_view::npos) return std::nullopt;
  const auto rest = suffix.substr(1);
  if (!rest.empty() && rest != "b" && rest != "ib" && rest != "i") return std::nullopt;
  return std::int64_t{1} << (10 * (power + 1));
}

struct DurationUnit {
  std::string_view name;
  std::int64_t nanoseconds;
};

// Largest first: the parts of a duration must come in this order.
constexpr std::array<DurationUnit, 8> kDurationUnits = {{{"w", 604'800'000'000'000},
                                                         {"d", 86'400'000'000'000},
                                                         {"h", 3'600'000'000'000},
                                                         {"m", 60'000'000'000},
                                                         {"s", 1'000'000'000},
                                                         {"ms", 1'000'000},
                                                         {"us", 1'000},
                                                         {"ns", 1}}};
constexpr auto kDurationExamples = "30s, 5m, 1h30m or 250ms";

// `value` with at most one digit after the point, and none when it would be 0.
std::string one_decimal(double value) {
  std::array<char, 64> buffer{};
  const double rounded = std::round(value * 10) / 10;
  const auto written = std::to_chars(buffer.data(), buffer.data() + buffer.size(), rounded, std::chars_format::fixed,
                                     rounded == std::trunc(rounded) ? 0 : 1);
  return written.ec == std::errc() ? std::string(buffer.data(), written.ptr) : std::string("very many");
}

}  // namespace

Result<Bytes> parse_bytes(std::string_view text) {
  constexpr auto kExamples = "700m, 512MiB, 1.5g or 1048576";
  auto rest = trimmed(text);
  const auto digits = rest;
  const auto number = take_number(rest);
  if (!number) return refuse("size", text, kExamples);
  const auto number_text = digits.substr(0, digits.size() - rest.size());
  const auto unit = bytes_in(lower_case(trimmed(rest)));
  if (!unit) return refuse("size", text, kExamples);

  // Whole numbers are multiplied exactly; a double would lose the last bits from 8 PiB on.
  std::int64_t whole = 0;
  const auto end = number_text.data() + number_text.size();
  const auto [stop, error] = std::from_chars(number_text.data(), end, whole);
  if (error == std::errc() && stop == end) {
    std::int64_t count = 0;
    if (__builtin_mul_overflow(whole, *unit, &count)) return refuse("size", text, kExamples);
    return Bytes{count};
  }
  const double count = std::round(*number * static_cast<double>(*unit));
  if (count >= 9.2e18) return refuse("size", text, kExamples);
  return Bytes{static_cast<std::int64_t>(count)};
}

Result<Duration> parse_duration(std::string_view text) {
  auto rest = trimmed(text);
  if (rest.empty()) return refuse("duration", text, kDurationExamples);
  double total = 0;
  std::size_t next_unit = 0;
  while (!rest.empty()) {
    const auto number = take_number(rest);
    if (!number) return refuse("duration", text, kDurationExamples);
    std::size_t letters = 0;
    while (letters < rest.size() && !is_digit(rest[letters])) ++letters;
    const auto name = rest.substr(0, letters);
    while (next_unit < kDurationUnits.size() && kDurationUnits[next_unit].name != name) ++next_unit;
    if (next_unit == kDurationUnits.size()) return refuse("duration", text, kDurationExamples);
    total += *number * static_cast<double>(kDurationUnits[next_unit].nanoseconds);
    ++next_unit;
    rest.remove_prefix(letters);
  }
  if (total >= 9.2e18) return refuse("duration", text, kDurationExamples);
  return Duration(std::llround(total));
}

Result<Cores> parse_cores(std::string_view text) {
  auto rest = trimmed(text);
  const auto number = take_number(rest);
  if (!number || !rest.empty()) return refuse("number of CPU cores", text, "0.8 or 2");
  return Cores{*number};
}

Result<Ratio> parse_ratio(std::string_view text) {
  auto rest = trimmed(text);
  const auto number = take_number(rest);
  if (!number || (!rest.empty() && trimmed(rest) != "%")) return refuse("ratio", text, "85% or 0.85");
  return Ratio{rest.empty() ? *number : *number / 100};
}

std::string format_bytes(Bytes bytes) {
  if (bytes.is_unlimited()) return "unlimited";
  constexpr std::array<std::string_view, 7> kNames = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
  double value = std::fabs(static_cast<double>(bytes.count));
  std::size_t name = 0;
  // 1023.95 and more would round to 1024.0 of this unit: say 1 of the next instead.
  while (value >= 1023.95 && name + 1 < kNames.size()) {
    value /= 1024;
    ++name;
  }
  std::string text = bytes.count < 0 ? "-" : "";
  return text.append(one_decimal(value)).append(" ").append(kNames[name]);
}

std::string format_duration(Duration duration) {
  if (duration == Duration::zero()) return "0s";
  const bool negative = duration < Duration::zero();
  // Unsigned, so that the most negative duration has an absolute value.
  auto left = static_cast<std::uint64_t>(duration.count());
  if (negative) left = 0 - left;
  std::string text = negative ? "-" : "";
  // Weeks are for input: "15d" reads better than "2w 1d".
  for (std::size_t i = 1; i < kDurationUnits.size(); ++i) {
    const auto unit = static_cast<std::uint64_t>(kDurationUnits[i].nanoseconds);
    if (left < unit) continue;
    text.append(std::to_string(left / unit)).append(kDurationUnits[i].name);
    if (i + 1 == kDurationUnits.size()) break;
    const auto next = static_cast<std::uint64_t>(kDurationUnits[i + 1].nanoseconds);
    const auto smaller = left % unit / next;
    if (smaller > 0) text.append(" ").append(std::to_string(smaller)).append(kDurationUnits[i + 1].name);
    break;
  }
  return text;
}

std::string format_ratio(Ratio ratio) {
  if (!std::isfinite(ratio.value)) return std::isnan(ratio.value) ? "unknown" : "unlimited";
  return one_decimal(ratio.value * 100).append("%");
}

}  // namespace base

#include "base/plausible.h"

#include <charconv>
#include <optional>

namespace base {
namespace {

std::string_view without_blanks(std::string_view text) {
  const auto first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") + 1 - first);
}

// A number without a unit, in digits and at most one point.
std::optional<double> bare_number(std::string_view text) {
  double number = 0;
  const auto [end, error] =
      std::from_chars(text.data(), text.data() + text.size(), number, std::chars_format::fixed);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

// 0.85 as "85", 1.5 as "150", and back.
std::string number_text(double number) {
  std::string text = std::to_string(number);
  text.erase(text.find_last_not_of('0') + 1);
  if (text.ends_with('.')) text.pop_back();
  return text;
}

}  // namespace

std::string size_correction(std::string_view text, bool may_be_share) {
  text = without_blanks(text);
  const auto number = bare_number(text);
  if (!number || !(*number > 0) || *number >= 1 << 20) return {};
  const std::string digits(text);
  const std::string size = digits + (*number == 1 ? " byte; write " : " bytes; write ");
  if (*number < 1) return size + (may_be_share ? number_text(*number * 100) + "%" : digits + "g");
  constexpr double kMostMebibytes = 100'000;  // more of them than a machine has memory: kibibytes were meant
  const bool is_share = may_be_share && *number < 100;
  return size + (is_share ? digits + "% or " : "") + digits + (*number < kMostMebibytes ? "m" : "k");
}

std::string cores_correction(std::string_view text) {
  text = without_blanks(text);
  const auto number = bare_number(text);
  const bool is_whole = text.find('.') == std::string_view::npos;
  if (!number || !is_whole || *number < 50 || *number > 1000) return {};
  const std::string digits(text);
  return digits + " CPU cores; write " + number_text(*number / 100) + " for " + digits + "% of a core, or " + digits +
         ".0 if cores are meant";
}

std::string share_correction(std::string_view text) {
  text = without_blanks(text);
  const bool is_percent = text.ends_with('%');
  const auto number = bare_number(without_blanks(text.substr(0, text.size() - (is_percent ? 1 : 0))));
  if (!number) return {};
  if (!is_percent && *number >= 1 && *number < 100)
    return number_text(*number) + " is more than a whole; write " + number_text(*number) + "%";
  if (is_percent && *number > 0 && *number < 1)
    return number_text(*number) + "% is next to nothing; write " + number_text(*number * 100) + "%";
  return {};
}

}  // namespace base

#include "base/plausible.h"

#include <charconv>
#include <cstdint>
#include <optional>

namespace base {
namespace {

// A whole number without a unit; blanks around it do not count.
std::optional<std::int64_t> bare_number(std::string_view text) {
  const auto first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return std::nullopt;
  text = text.substr(first, text.find_last_not_of(" \t") + 1 - first);
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

}  // namespace

std::string size_correction(std::string_view text, bool may_be_share) {
  const auto number = bare_number(text);
  if (!number || *number <= 0 || *number >= 1 << 20) return {};
  const std::string digits = std::to_string(*number);
  const bool is_share = may_be_share && *number < 100;
  return digits + (*number == 1 ? " byte" : " bytes") + "; write " + (is_share ? digits + "% or " : "") + digits + "m";
}

std::string cores_correction(std::string_view text) {
  const auto number = bare_number(text);
  if (!number || *number < 50 || *number > 100) return {};
  const std::string digits = std::to_string(*number);
  const std::string share = *number == 100 ? "1" : "0." + (*number % 10 == 0 ? digits.substr(0, 1) : digits);
  return digits + " CPU cores; write " + share + " for " + digits + "% of a core, or " + digits +
         ".0 if cores are meant";
}

}  // namespace base

#include "base/config/variables.h"

#include <algorithm>
#include <cctype>
#include <cstdlib>

#include "base/config/printable.h"

namespace base::config {

namespace {

constexpr std::size_t kMostExpandedBytes = std::size_t{64} << 10;

bool is_variable_name(std::string_view name) {
  const auto is_letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; };
  return !name.empty() && is_letter(name.front()) &&
         std::all_of(name.begin(), name.end(), [&](char c) { return is_letter(c) || (c >= '0' && c <= '9'); });
}

Result<std::string> look_up(std::string_view name, const Environment& environment) {
  const std::string shown(name.substr(0, 64));
  if (!is_variable_name(name))
    return fail(Code::invalid_argument, "${" + shown + "} is not a valid variable name; write $$ for a literal $");
  auto value = environment(name);
  if (!value) return fail(Code::invalid_argument, "the environment variable " + shown + " is not set");
  if (find_unprintable(*value))
    return fail(Code::invalid_argument,
                "the environment variable " + shown + " contains control characters or invalid UTF-8");
  return std::move(*value);
}

// `text` with `value` replaced by `by`. A short one not within a word or number: a value of "1" must not turn 16 into
// nonsense. A longer one may be a secret.
std::string replaced(const std::string& text, const std::string& value, const std::string& by) {
  const auto kind_of = [](char c) {
    return std::isdigit(static_cast<unsigned char>(c)) != 0   ? 1
           : std::isalpha(static_cast<unsigned char>(c)) != 0 ? 2
                                                              : 0;
  };
  const auto joins = [&](char a, char b) { return kind_of(a) != 0 && kind_of(a) == kind_of(b); };
  std::string out;
  std::size_t from = 0;
  for (auto at = text.find(value); at != std::string::npos; at = text.find(value, at + 1)) {
    if (at < from) continue;
    const auto end = at + value.size();
    constexpr std::size_t kShort = 4;
    const bool is_within_word = value.size() < kShort && ((at > 0 && joins(text[at - 1], value.front())) ||
                                                          (end < text.size() && joins(value.back(), text[end])));
    if (is_within_word) continue;
    out.append(text, from, at - from).append(by);
    from = end;
  }
  return out.append(text, from);
}

}  // namespace

Result<std::string> expand_variables(std::string_view text, const Environment& environment) {
  std::string expanded;
  while (!text.empty()) {
    const auto dollar = std::min(text.find('$'), text.size());
    expanded.append(text.substr(0, dollar));
    text.remove_prefix(dollar);
    if (text.substr(0, 2) == "${") {
      const auto end = text.find('}');
      if (end == std::string_view::npos)
        return fail(Code::invalid_argument, "${ without a closing }; write $$ for a literal $");
      const auto value = look_up(text.substr(2, end - 2), environment);
      if (!value) return fail(value.error());
      expanded.append(*value);
      text.remove_prefix(end + 1);
    } else if (!text.empty()) {
      expanded.push_back('$');
      text.remove_prefix(text.substr(0, 2) == "$$" ? 2 : 1);
    }
    if (expanded.size() > kMostExpandedBytes)
      return fail(Code::invalid_argument, "longer than 64 KiB after variable expansion");
  }
  return expanded;
}

std::optional<std::string> process_environment(std::string_view name) {
  const char* value = std::getenv(std::string(name).c_str());
  return value == nullptr ? std::nullopt : std::optional<std::string>(value);
}

Environment ExpandedValues::noting(const Environment& environment) {
  return [this, &environment](std::string_view name) {
    auto value = environment(name);
    // "/" or "." would be found in every message.
    const auto is_letter_or_digit = [](unsigned char c) { return std::isalnum(c) != 0; };
    if (value && std::ranges::any_of(*value, is_letter_or_digit)) names_.emplace(*value, name);
    return value;
  };
}

std::string ExpandedValues::mask(std::string text) const {
  for (auto value = names_.rbegin(); value != names_.rend(); ++value)  // longest first
    text = replaced(text, value->first, "${" + value->second + "}");
  return text;
}

}  // namespace base::config

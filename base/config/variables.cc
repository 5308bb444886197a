#include "guard/config/variables.h"

#include <algorithm>
#include <cstdlib>

#include "base/config/utf8.h"

namespace guard::config {

namespace {

constexpr std::size_t kMostExpandedBytes = std::size_t{64} << 10;

bool is_variable_name(std::string_view name) {
  const auto is_letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; };
  return !name.empty() && is_letter(name.front()) &&
         std::all_of(name.begin(), name.end(), [&](char c) { return is_letter(c) || (c >= '0' && c <= '9'); });
}

base::Result<std::string> look_up(std::string_view name, const Environment& environment) {
  const std::string shown(name.substr(0, 64));
  if (!is_variable_name(name))
    return base::fail(base::Code::invalid_argument, "${" + shown + "} names no variable; write $$ for a plain $");
  auto value = environment(name);
  if (!value) return base::fail(base::Code::invalid_argument, "the environment variable " + shown + " is not set");
  if (base::config::find_unprintable(*value))
    return base::fail(base::Code::invalid_argument, "the environment variable " + shown + " is not plain text");
  return std::move(*value);
}

}  // namespace

base::Result<std::string> expand_variables(std::string_view text, const Environment& environment) {
  std::string expanded;
  while (!text.empty()) {
    const auto dollar = std::min(text.find('$'), text.size());
    expanded.append(text.substr(0, dollar));
    text.remove_prefix(dollar);
    if (text.substr(0, 2) == "${") {
      const auto end = text.find('}');
      if (end == std::string_view::npos)
        return base::fail(base::Code::invalid_argument, "a ${ without its }; write $$ for a plain $");
      const auto value = look_up(text.substr(2, end - 2), environment);
      if (!value) return base::fail(value.error());
      expanded.append(*value);
      text.remove_prefix(end + 1);
    } else if (!text.empty()) {
      expanded.push_back('$');
      text.remove_prefix(text.substr(0, 2) == "$$" ? 2 : 1);
    }
    if (expanded.size() > kMostExpandedBytes)
      return base::fail(base::Code::invalid_argument, "too long a value with its variables replaced");
  }
  return expanded;
}

std::optional<std::string> process_environment(std::string_view name) {
  const char* value = std::getenv(std::string(name).c_str());
  return value == nullptr ? std::nullopt : std::optional<std::string>(value);
}

}  // namespace guard::config

#include "base/pattern_form.h"

#include <algorithm>
#include <cctype>
#include <cstddef>
#include <iterator>

namespace base {
namespace {

bool is_path_character(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '-' || c == '.' || c == '~';
}

bool has_bare_slash(std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\')
      ++i;
    else if (text[i] == '/')
      return true;
  }
  return false;
}

// /x/flags as (?flags)x; flags that RE2 does not know (such as g) say nothing about one line and are left out.
std::string without_slashes(std::string_view pattern) {
  const auto end = pattern.rfind('/');
  if (!pattern.starts_with('/') || end == 0 || end == std::string_view::npos) return std::string(pattern);
  const std::string_view body = pattern.substr(1, end - 1);
  const std::string_view flags = pattern.substr(end + 1);
  const bool are_flags = std::ranges::all_of(
      flags, [](char c) { return std::string_view("dgimsuvxy").find(c) != std::string_view::npos; });
  if (!are_flags || body.empty() || body.ends_with('\\') || has_bare_slash(body)) return std::string(pattern);
  if (flags.empty() && std::ranges::all_of(body, is_path_character)) return std::string(pattern);
  std::string known;
  std::ranges::copy_if(flags, std::back_inserter(known), [](char c) { return c == 'i' || c == 'm' || c == 's'; });
  std::string text;
  for (std::size_t i = 0; i < body.size(); ++i) {
    if (body[i] == '\\' && i + 1 < body.size() && body[i + 1] == '/') ++i;  // \/ is needed between slashes only
    text += body[i];
  }
  return (known.empty() ? "" : "(?" + known + ")") + text;
}

}  // namespace

std::string re2_form_of(std::string_view pattern) {
  const std::string text = without_slashes(pattern);
  std::string form;
  for (std::size_t i = 0; i < text.size(); ++i) {
    form += text[i];
    if (text[i] == '\\') {
      if (++i < text.size()) form += text[i];
      continue;
    }
    const std::string_view rest = std::string_view(text).substr(i);
    if (rest.size() < 4 || !(rest.starts_with("(?<") || rest.starts_with("(?'"))) continue;
    if (rest[3] == '=' || rest[3] == '!') continue;  // look-behind: there is no such thing in RE2
    const auto end = rest.find(rest[2] == '<' ? '>' : '\'', 3);
    if (end == std::string_view::npos) continue;
    form += "?P<" + std::string(rest.substr(3, end - 3)) + ">";
    i += end;
  }
  return form;
}

}  // namespace base

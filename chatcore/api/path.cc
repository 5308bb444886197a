#include "chatcore/api/path.h"

namespace chatcore::api {

std::optional<PathValues> match_path(std::string_view pattern, std::string_view path) {
  PathValues values;
  while (!pattern.empty()) {
    if (pattern.front() != '{') {
      if (path.empty() || path.front() != pattern.front()) return std::nullopt;
      pattern.remove_prefix(1);
      path.remove_prefix(1);
      continue;
    }
    const std::size_t closing = pattern.find('}');
    std::string_view name = pattern.substr(1, closing - 1);
    pattern.remove_prefix(closing + 1);
    const bool takes_rest = name.starts_with('+');
    if (takes_rest) name.remove_prefix(1);
    const std::string_view value = path.substr(0, takes_rest ? std::string_view::npos : path.find('/'));
    if (value.empty()) return std::nullopt;
    values.emplace_back(name, value);
    path.remove_prefix(value.size());
  }
  if (!path.empty()) return std::nullopt;
  return values;
}

}  // namespace chatcore::api

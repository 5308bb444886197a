#include "base/config/nearest_key.h"

#include <algorithm>
#include <vector>

#include "base/edit_distance.h"

namespace base::config {

std::string_view nearest_key(std::string_view written, std::span<const std::string_view> keys) {
  constexpr std::size_t kMostEdits = 2;
  std::string_view nearest;
  std::size_t least = kMostEdits + 1;
  for (const auto key : keys) {
    const auto edits = edit_distance(written, key);
    if (edits < least && 2 * edits < std::max(written.size(), key.size())) {
      least = edits;
      nearest = key;
    }
  }
  return nearest;
}

std::string_view nearest_key(std::string_view written, std::span<const std::string> keys) {
  const std::vector<std::string_view> views(keys.begin(), keys.end());
  return nearest_key(written, views);
}

}  // namespace base::config

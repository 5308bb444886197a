#include "base/config/nearest_key.h"

#include <algorithm>
#include <array>

namespace base::config {
namespace {

// Edits between two words: letters added, left out, changed, or swapped with their neighbour (optimal string
// alignment). Words longer than kLongest are not compared.
std::size_t edit_distance(std::string_view a, std::string_view b) {
  constexpr std::size_t kLongest = 40;
  if (a.size() > kLongest || b.size() > kLongest) return kLongest;
  std::array<std::array<std::size_t, kLongest + 1>, kLongest + 1> cost{};
  for (std::size_t i = 0; i <= a.size(); ++i) cost[i][0] = i;
  for (std::size_t j = 0; j <= b.size(); ++j) cost[0][j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t changed = cost[i - 1][j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      cost[i][j] = std::min({cost[i - 1][j] + 1, cost[i][j - 1] + 1, changed});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        cost[i][j] = std::min(cost[i][j], cost[i - 2][j - 2] + 1);
    }
  }
  return cost[a.size()][b.size()];
}

}  // namespace

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

}  // namespace base::config

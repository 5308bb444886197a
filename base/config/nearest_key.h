#pragma once
// "Did you mean …?": finds the most similar known key.

#include <span>
#include <string>
#include <string_view>

namespace base::config {

// The key nearest to `written`: at most two letters, and less than half of them, added, removed, changed or swapped. ""
// when none is near.
std::string_view nearest_key(std::string_view written, std::span<const std::string_view> keys);
std::string_view nearest_key(std::string_view written, std::span<const std::string> keys);

}  // namespace base::config

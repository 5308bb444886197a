#pragma once
// How far a mistyped word is from one that is known.

#include <cstddef>
#include <string_view>

namespace base {

// Longer words are not typing errors, and the work is quadratic.
inline constexpr std::size_t kLongestWord = 64;

// Edits between two words: letters added, left out, changed, or swapped with their neighbour (optimal string
// alignment). The length of the longer word if it has more than kLongestWord bytes.
std::size_t edit_distance(std::string_view a, std::string_view b);

}  // namespace base

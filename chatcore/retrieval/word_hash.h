#pragma once
// One hash for words wherever they become numbers. Stores keep what comes of it, so it never changes.

#include <cstdint>
#include <string_view>

namespace chatcore::retrieval {

// FNV-1a, then a mixer (SplitMix64's finish), since FNV's high bits are weak on short words. `kind` gives the same
// letters another hash where they mean something else.
constexpr std::uint64_t hash_word(std::string_view word, std::uint64_t kind = 0) {
  std::uint64_t hash = 14695981039346656037ULL ^ kind;
  for (const char c : word) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211ULL;
  hash = (hash ^ (hash >> 30)) * 0xBF58476D1CE4E5B9ULL;
  hash = (hash ^ (hash >> 27)) * 0x94D049BB133111EBULL;
  return hash ^ (hash >> 31);
}

}  // namespace chatcore::retrieval

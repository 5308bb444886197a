#pragma once
// Everyday English words that mean about the same, since who asks rarely uses the words of the text: "buy" finds
// "purchase", "broke" finds "violation". A small list that is right in most texts, not a dictionary. Pure.

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace chatcore::retrieval {

// The stems of words that mean about what `stemmed` means, without itself; empty for most words. They live as long as
// the program.
std::span<const std::string> synonyms_of(std::string_view stemmed);

}  // namespace chatcore::retrieval

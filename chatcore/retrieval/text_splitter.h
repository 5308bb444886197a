#pragma once
// Cuts a text into overlapping chunks fit to be embedded and quoted. Lengths are counted in code points, and no
// code point is ever cut. A cut falls on the end of a paragraph if there is one in the second half of the chunk, else
// of a line, else of a sentence, else of a word, else wherever the length ends.

#include <cstddef>
#include <string_view>
#include <vector>

namespace chatcore::retrieval {

struct SplitOptions {
  std::size_t chunk_size = 1000;  // code points, at most; 0 counts as 1
  std::size_t overlap = 200;      // code points a chunk repeats of the one before, at most; below half of chunk_size
};

// Views into `text`, in order, none empty, without white space at their ends. Bytes that are not UTF-8 count as one
// code point each.
std::vector<std::string_view> split_text(std::string_view text, const SplitOptions& options);

}  // namespace chatcore::retrieval

#pragma once
// Cuts a Markdown text as text_splitter.h does, and begins each piece with the headings it stands under, so that a
// chunk says what it is about and is found by it. Pure.

#include <string>
#include <string_view>
#include <vector>

#include "chatcore/retrieval/text_splitter.h"

namespace chatcore::retrieval {

// In order, none empty. A piece's own length is bound by `options`; the line of headings before it by another 200
// bytes.
std::vector<std::string> split_markdown(std::string_view text, const SplitOptions& options);

}  // namespace chatcore::retrieval

#pragma once
// The readable text of an HTML page.

#include <string>
#include <string_view>

#include "base/result.h"

namespace chatcore::retrieval {

struct HtmlText {
  std::string text = {};
  bool is_cut = false;  // the rest was left out, since its elements are nested more than 10,000 deep
};

// Returns the visible text: the title first, then one line for each block, without scripts, styles and markup. Headings
// become Markdown headings, so that split_markdown() keeps them with the text below them. Malformed HTML is parsed as
// leniently as libxml2 does. `html` is UTF-8 unless a meta charset says otherwise. Pure; the result is UTF-8. Errors:
// too_large (more than 2 GiB), exhausted.
base::Result<HtmlText> text_of_html(std::string_view html);

}  // namespace chatcore::retrieval

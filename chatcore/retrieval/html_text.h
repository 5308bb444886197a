#pragma once
// The readable text of an HTML page.

#include <string>
#include <string_view>

namespace chatcore::retrieval {

// As a reader sees it: one line for each block, without scripts, styles and markup; the title first. Headings become
// Markdown's, so that split_markdown() puts them over what stands below them. Broken HTML is read as browsers do.
// `html` is UTF-8 unless it says otherwise (meta charset). Pure; the result is UTF-8.
std::string text_of_html(std::string_view html);

}  // namespace chatcore::retrieval

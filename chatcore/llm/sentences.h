#pragma once
// Plain sentences out of a text that may be Markdown: what can be quoted in an answer. Pure.

#include <string>
#include <string_view>
#include <vector>

namespace chatcore::llm {

// In order, on one line each, without Markdown's marks. A list item or a table row is one by itself; headings, code
// fences and rules are none. A full stop ends a sentence only before white space, so that "0.8" and "a.md" stay whole.
std::vector<std::string> split_sentences(std::string_view text);

// `text` as a quotation of at most `max_bytes` bytes: line breaks and control bytes become spaces, no code point is
// cut, and "…" stands for what is left out.
std::string shortened(std::string_view text, std::size_t max_bytes);

// The beginning of `text`, at most `max_bytes` bytes of it, up to the end of a word or, if a single word is longer, of
// a code point. Nothing is put in the place of what is left out.
std::string_view cut_at_word(std::string_view text, std::size_t max_bytes);

}  // namespace chatcore::llm

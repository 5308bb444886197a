#pragma once
// What stands in a file that is ingested, as text: plain text and Markdown as they are, HTML and PDF as a reader sees
// them. Blocking.

#include <cstddef>
#include <string>
#include <string_view>

#include "base/result.h"
#include "chatcore/retrieval/text_files.h"

namespace chatcore::retrieval {

struct Document {
  std::string text;           // UTF-8, without NUL and byte order mark
  bool has_headings = false;  // Markdown's
  std::size_t bad_bytes = 0;  // replaced or taken out, since they were not text in UTF-8
};

// By the file's name: .html, .htm, .xhtml, .md, .markdown, .pdf; anything else is plain text. Errors, short, as reasons
// to skip the file: those of read_text_file() and text_of_pdf(); invalid_argument (binary).
base::Result<Document> read_document(const TextFile& file, std::size_t max_bytes);

// Text as it should have been written: a byte that belongs to no character of UTF-8 becomes U+FFFD, NUL and the byte
// order mark go, UTF-16 with its mark is converted. Errors: invalid_argument when more than a tenth is no text. Pure.
base::Result<Document> clean_text(std::string bytes);

// The text after a front matter of YAML (between lines of ---) or TOML (of +++), which is about the page and no part of
// it. Pure.
std::string_view without_front_matter(std::string_view markdown);

}  // namespace chatcore::retrieval

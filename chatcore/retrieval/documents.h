#pragma once
// Reads a file for ingestion as text: plain text and Markdown unchanged, HTML and PDF as their visible text. Blocking.

#include <cstddef>
#include <string>
#include <string_view>

#include "base/result.h"
#include "chatcore/retrieval/text_files.h"

namespace chatcore::retrieval {

struct Document {
  std::string text;           // UTF-8, without NUL and byte order mark
  bool has_headings = false;  // the text has Markdown headings
  bool is_cut = false;        // the rest of an HTML page was left out (html_text.h)
  std::size_t bad_bytes = 0;  // number of bytes that were not valid UTF-8 text and were replaced or removed
};

// Chooses the format by the file's name: .html, .htm, .xhtml, .md, .markdown, .pdf; anything else is plain text. An
// error is a short reason to skip the file: those of read_text_file() and text_of_pdf(); invalid_argument (binary).
base::Result<Document> read_document(const TextFile& file, std::size_t max_bytes);

// Makes valid UTF-8 of `bytes`: an invalid byte becomes U+FFFD, NUL and the byte order mark are removed, UTF-16 with a
// byte order mark is converted. Errors: invalid_argument when more than a tenth of the bytes is not text. Pure.
base::Result<Document> clean_text(std::string bytes);

// The text after front matter in YAML (between lines ---) or TOML (between lines +++). Returns a view into `markdown`.
// Pure.
std::string_view without_front_matter(std::string_view markdown);

}  // namespace chatcore::retrieval

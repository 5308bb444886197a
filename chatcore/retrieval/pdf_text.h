#pragma once
// The text of a PDF, read by poppler's pdftotext where that is installed.

#include <cstddef>
#include <filesystem>
#include <string>

#include "base/result.h"

namespace chatcore::retrieval {

// UTF-8. `program` is looked up in PATH. Errors: not_found (no such program: says what to install), invalid_argument
// (not a PDF that can be read, or one without text), too_large (more text than `max_bytes`), deadline_exceeded (two
// minutes).
base::Result<std::string> text_of_pdf(const std::filesystem::path& path, std::size_t max_bytes,
                                      const char* program = "pdftotext");

}  // namespace chatcore::retrieval

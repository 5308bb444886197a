#pragma once
// The files that `ingest` was told to read.

#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

#include "base/result.h"

namespace chatcore::retrieval {

struct TextFile {
  std::filesystem::path path;
  std::string name;  // what chunks show: relative to the folder that was named
};

// `paths` are files, and folders with all that is below them; hidden names, links to folders and `store_file` are left
// out, and so is a file that is in the list already. Sorted by name, so that the same texts always make the same store.
// Errors: not_found, those of reading folders, which name the one that failed.
base::Result<std::vector<TextFile>> list_text_files(const std::vector<std::string>& paths,
                                                    const std::string& store_file);

// Returns the file's bytes. Errors, with short messages: too_large, invalid_argument (not a regular file), conflict (it
// is being written), those of reading.
base::Result<std::string> read_text_file(const std::filesystem::path& path, std::size_t max_bytes);

// The first bytes, at most `count`; empty when it cannot be read.
std::string beginning_of(const std::filesystem::path& path, std::size_t count);

}  // namespace chatcore::retrieval

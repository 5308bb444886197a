#pragma once
// The small files of keys and secrets that settings name.

#include <cstddef>
#include <string>

#include "base/result.h"

namespace chatcore::access {

// An error about such a file: which setting, which file, what is wrong, and where it is known what would help.
base::Error file_error(const std::string& setting, const std::string& path, const base::Error& error);

// All of it. Errors as file_error() words them, too_large among them; never with anything of the file in them.
base::Result<std::string> read_named_file(const std::string& setting, const std::string& path, std::size_t max_bytes);

}  // namespace chatcore::access

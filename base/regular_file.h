#pragma once
// Opens and reads files whose path is configured: a token, a marker, a journal. Only regular files are accepted:
// opening a named pipe blocks until its other end opens, a device has no end, and a folder cannot be read.

#include <cstddef>
#include <string>

#include "base/result.h"

namespace base {

// Whether `path` is a regular file. Follows symbolic links. Does not block on pipes and devices. Errors:
// invalid_argument (not a regular file); others from errno.
Status check_regular_file(const std::string& path);

// As open(2), with O_CLOEXEC; `mode` is the mode of a new file. Returns the descriptor, which the caller closes. Does
// not block on pipes and devices. Errors: as above.
Result<int> open_regular_file(const std::string& path, int flags, unsigned mode = 0);

// Returns the first `most` bytes of the file. Errors: as above.
Result<std::string> read_regular_file(const std::string& path, std::size_t most);

}  // namespace base

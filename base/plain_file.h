#pragma once
// Files that somebody names: a token, a marker, a journal. What stands there may be no file at all. Opening a named pipe
// waits for its other end, a device never ends, and a folder cannot be read; so only regular files are opened.

#include <cstddef>
#include <string>

#include "base/result.h"

namespace base {

// Follows symbolic links. Does not block. Errors: invalid_argument: there is something else than a regular file; else
// from errno.
Status check_plain_file(const std::string& path);

// As open(2), close-on-exec; `mode` is that of a new file. Returns the descriptor. Does not block. Errors: as above.
Result<int> open_plain_file(const std::string& path, int flags, unsigned mode = 0);

// Its first `most` bytes. Errors: as above.
Result<std::string> read_plain_file(const std::string& path, std::size_t most);

}  // namespace base

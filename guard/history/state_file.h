#pragma once
// Files in the agent's state folder. They contain commands, paths and log values, so other users must not read them;
// root writes them, so other users must not control where they are.

#include <string>

#include "base/result.h"

namespace guard::history {

// Makes the folder, and those above it, when it is not there: 0700. One that is there stays as it is. Errors: from
// errno.
base::Status make_state_folder(const std::string& path);

// Opens the file in that folder: `flags` as open(2) takes them, a new file has mode 0600. In a folder that belongs to
// another user or in which others may write, a symbolic link is refused (permission_denied). Anything that is not a
// regular file (a pipe, a device, a folder) is refused (invalid_argument), since opening it could block. Returns the
// descriptor. Other errors: from errno.
base::Result<int> open_state_file(const std::string& path, int flags);

}  // namespace guard::history

#pragma once
// Files in the agent's state folder. They name commands, paths and log values, so they are nobody else's to read; and
// root writes them, so nobody else may decide where they are.

#include <string>

#include "base/result.h"

namespace guard::history {

// Makes the folder, and those above it, when it is not there: 0700. One that is there stays as it is. Errors: from
// errno.
base::Status make_state_folder(const std::string& path);

// Opens the file in that folder: `flags` as open(2) takes them, a new file has mode 0600. In a folder that belongs to
// another user or in which others may write, a symbolic link is refused. So is what is no regular file (a pipe, a device, a
// folder): it could be waited for without end. Returns the descriptor. Errors: from errno.
base::Result<int> open_state_file(const std::string& path, int flags);

}  // namespace guard::history

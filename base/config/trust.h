#pragma once
// Checks who can write a file that is read as root: it may name commands that root then runs.

#include <string>

#include <sys/types.h>

namespace base::config {

// "" when only root (and `user`, the reader) can change `path`: the file, each folder above it and the target of each
// symbolic link belong to them and are not writable by group or others. Folders with the sticky bit, such as /tmp, and
// root's group are accepted. Otherwise a message with the file or folder and the command that fixes it. A missing path
// is accepted, since opening it reports that.
std::string find_distrust(const std::string& path, uid_t user = 0);

}  // namespace base::config

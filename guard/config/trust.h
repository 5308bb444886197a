#pragma once
// Which other users can write a file that is read as root: they could name commands that root then runs.

#include <string>

#include <sys/types.h>

namespace guard::config {

// "" when only root (and `user`, who reads it) can change what stands at `path`: the file, each folder above it and the
// target of each symbolic link on the way belong to them and are not writable by group or others. A folder with the
// sticky bit, such as /tmp, is fine when what lies in it is theirs; so is a group that is root's.
// Else a message that names the file or folder and the command that mends it. A path that does not exist is fine: who
// opens it says so.
std::string find_distrust(const std::string& path, uid_t user = 0);

}  // namespace guard::config

#pragma once
// A configuration that is mounted into a container as a single file: the mount keeps the file's inode, so that an
// editor that replaces the file on the host changes nothing in the container. A reload then reads the old text.

#include <string>
#include <string_view>

namespace guard::config {

// Is `path` (absolute, without links) itself a mount point in this text of /proc/self/mountinfo? Pure.
bool is_mount_point(std::string_view mountinfo, std::string_view path);

// A sentence for the log when the file at `path` is a mount of its own; "" when not. Blocks on the file system.
std::string warn_of_single_file_mount(const std::string& path);

}  // namespace guard::config

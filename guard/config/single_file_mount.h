#pragma once
// Detects a configuration that is mounted into a container as a single file: the mount keeps the inode, so an editor
// that replaces the file on the host changes nothing in the container, and a reload reads the old text.

#include <string>
#include <string_view>

namespace guard::config {

// Whether `path` (absolute, without links) is a mount point in this text of /proc/self/mountinfo. Pure.
bool is_mount_point(std::string_view mountinfo, std::string_view path);

// A warning for the log when `path` is a mount of its own; otherwise "". Blocks on the file system.
std::string warn_of_single_file_mount(const std::string& path);

}  // namespace guard::config

#include "guard/config/single_file_mount.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <system_error>

#include <sys/stat.h>

namespace guard::config {
namespace {

bool is_octal(char c) { return c >= '0' && c <= '7'; }

// Blanks, tabs, line ends and backslashes are written as \040 and so on (proc(5)).
std::string unescaped(std::string_view field) {
  std::string text;
  for (std::size_t i = 0; i < field.size(); ++i) {
    if (field[i] == '\\' && i + 3 < field.size() && is_octal(field[i + 1]) && is_octal(field[i + 2]) &&
        is_octal(field[i + 3])) {
      text += static_cast<char>((field[i + 1] - '0') * 64 + (field[i + 2] - '0') * 8 + (field[i + 3] - '0'));
      i += 3;
    } else {
      text += field[i];
    }
  }
  return text;
}

// "36 35 98:0 /root /mount/point options …": the fifth.
std::string_view mount_point_in(std::string_view line) {
  for (int field = 0; field < 4; ++field) line.remove_prefix(std::min(line.find(' '), line.size() - 1) + 1);
  return line.substr(0, line.find(' '));
}

}  // namespace

bool is_mount_point(std::string_view mountinfo, std::string_view path) {
  while (!mountinfo.empty()) {
    const auto end = std::min(mountinfo.find('\n'), mountinfo.size());
    const std::string_view line = mountinfo.substr(0, end);
    if (!line.empty() && unescaped(mount_point_in(line)) == path) return true;
    mountinfo.remove_prefix(std::min(end + 1, mountinfo.size()));
  }
  return false;
}

std::string warn_of_single_file_mount(const std::string& path) {
  std::error_code error;
  const std::string real = std::filesystem::canonical(path, error).string();
  if (error) return {};
  std::ifstream file("/proc/self/mountinfo", std::ios::binary);
  const std::string mountinfo{std::istreambuf_iterator<char>(file), {}};
  if (!is_mount_point(mountinfo, real)) return {};
  struct stat status {};
  const bool was_replaced = ::stat(real.c_str(), &status) == 0 && status.st_nlink == 0;
  return real + " is a bind mount of one file" +
         (was_replaced ? ", and that file has been replaced or removed: the old one was read again" : "") +
         ": an editor that replaces the file is not noticed; mount its folder instead";
}

}  // namespace guard::config

#include "base/config/trust.h"

#include <cstddef>
#include <filesystem>
#include <system_error>

#include <sys/stat.h>

namespace base::config {
namespace {

namespace fs = std::filesystem;

constexpr int kMostLinks = 32;

std::string judge(const fs::path& path, const struct stat& status, uid_t user) {
  const bool is_folder = S_ISDIR(status.st_mode);
  const std::string name = path.string();
  const std::string why = "refused: users other than root can change it: ";
  if (status.st_uid != 0 && status.st_uid != user)
    return why + name + " belongs to user " + std::to_string(status.st_uid) + "; run: chown root " + name;
  if (S_ISLNK(status.st_mode) || (is_folder && (status.st_mode & S_ISVTX) != 0)) return {};
  if ((status.st_mode & S_IWOTH) != 0) return why + name + " is writable by all; run: chmod o-w " + name;
  if ((status.st_mode & S_IWGRP) != 0 && status.st_gid != 0)
    return why + name + " is writable by group " + std::to_string(status.st_gid) + "; run: chmod g-w " + name;
  return {};
}

std::string find_on_way(const fs::path& path, uid_t user, int links) {
  fs::path way;
  for (const fs::path& part : path) {
    way /= part;
    struct stat status {};
    if (::lstat(way.c_str(), &status) != 0) return {};
    if (auto wrong = judge(way, status, user); !wrong.empty()) return wrong;
    if (!S_ISLNK(status.st_mode)) continue;
    std::error_code error;
    const fs::path target = fs::read_symlink(way, error);
    if (error || links == 0) return {};
    const fs::path absolute = (way.parent_path() / target).lexically_normal();
    if (auto wrong = find_on_way(absolute, user, links - 1); !wrong.empty()) return wrong;
  }
  return {};
}

}  // namespace

std::string find_distrust(const std::string& path, uid_t user) {
  std::error_code error;
  const fs::path absolute = fs::absolute(path, error);
  return error ? std::string() : find_on_way(absolute, user, kMostLinks);
}

}  // namespace base::config

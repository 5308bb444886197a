#include "guard/history/state_file.h"

#include <cerrno>
#include <filesystem>
#include <system_error>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/plain_file.h"

namespace guard::history {
namespace {

namespace fs = std::filesystem;

bool is_ours_alone(const fs::path& folder) {
  struct stat status {};
  if (::stat(folder.empty() ? "." : folder.c_str(), &status) != 0) return false;
  const bool others_write = (status.st_mode & S_IWOTH) != 0 || ((status.st_mode & S_IWGRP) != 0 && status.st_gid != 0);
  return (status.st_uid == ::geteuid() || status.st_uid == 0) && !others_write;
}

}  // namespace

base::Status make_state_folder(const std::string& path) {
  const fs::path folder = path.ends_with('/') ? fs::path(path).parent_path() : fs::path(path);
  std::error_code error;
  fs::create_directories(folder.parent_path(), error);  // mkdir() below tells what is wrong
  if (::mkdir(folder.c_str(), 0700) == 0 || errno == EEXIST) return {};
  return base::fail(base::error_from_errno(errno, "make folder " + folder.string()));
}

base::Result<int> open_state_file(const std::string& path, int flags) {
  const int no_follow = is_ours_alone(fs::path(path).parent_path()) ? 0 : O_NOFOLLOW;
  auto fd = base::open_plain_file(path, flags | no_follow, 0600);
  std::error_code ignored;
  if (!fd && no_follow != 0 && fs::is_symlink(path, ignored))
    return base::fail(base::Code::permission_denied,
                      "open " + path + ": a symbolic link in a folder that others may write");
  return fd;
}

}  // namespace guard::history

#include "guard/history/journal.h"

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "guard/history/state_file.h"

namespace guard::history {

Journal::Journal(std::string path, std::size_t max_bytes) : path_(std::move(path)), max_bytes_(max_bytes) {}

Journal::~Journal() {
  if (fd_ >= 0) ::close(fd_);
}

base::Status Journal::open() {
  if (fd_ >= 0) return {};
  // Opening tells what is wrong with the folder.
  static_cast<void>(make_state_folder(std::filesystem::path(path_).parent_path()));
  const auto opened = open_state_file(path_, O_WRONLY | O_APPEND | O_CREAT);
  if (!opened) return base::fail(opened.error());
  fd_ = *opened;
  struct stat status = {};
  size_ = ::fstat(fd_, &status) == 0 ? static_cast<std::size_t>(status.st_size) : 0;
  return {};
}

base::Status Journal::rotate_if_full(std::size_t incoming) {
  if (size_ == 0 || size_ + incoming <= max_bytes_) return {};
  ::close(std::exchange(fd_, -1));
  if (std::rename(path_.c_str(), (path_ + ".1").c_str()) != 0) {
    return base::fail(base::error_from_errno(errno, "rotate " + path_));
  }
  return open();
}

base::Status Journal::append(std::string_view json_line) {
  if (path_.empty()) return {};
  if (auto opened = open(); !opened) return opened;
  if (auto rotated = rotate_if_full(json_line.size() + 1); !rotated) return rotated;
  const std::string line = (is_torn_ ? "\n" : "") + std::string(json_line) + '\n';
  const ssize_t written = ::write(fd_, line.data(), line.size());
  if (written < 0) return base::fail(base::error_from_errno(errno, "write " + path_));
  size_ += static_cast<std::size_t>(written);
  is_torn_ = static_cast<std::size_t>(written) < line.size();
  if (is_torn_) return base::fail(base::Code::exhausted, "write " + path_ + ": disk full");
  if (::fdatasync(fd_) != 0) return base::fail(base::error_from_errno(errno, "sync " + path_));
  return {};
}

}  // namespace guard::history

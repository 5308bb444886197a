#include "guard/source/fs.h"

#include <cerrno>
#include <utility>

#include <fcntl.h>
#include <unistd.h>

namespace guard::source {
int SmallFiles::open(int folder_fd, const char* name) const {
  const int fd = ::openat(folder_fd, name, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
  return fd >= 0 ? fd : -errno;
}

SmallFileText SmallFiles::read_open(int fd, std::span<char> buffer) const {
  // The kernel hands out a page at a time; less than that is the end, and saves asking once more.
  constexpr ssize_t kPageBytes = 4096;
  std::size_t filled = 0;
  while (filled < buffer.size()) {
    const ssize_t count = ::pread(fd, buffer.data() + filled, buffer.size() - filled, static_cast<off_t>(filled));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return {{}, errno};
    filled += static_cast<std::size_t>(count);
    if (count < kPageBytes && filled < buffer.size()) return {{buffer.data(), filled}, 0};
  }
  return {{}, EFBIG};
}

SmallFileText SmallFiles::read(int folder_fd, const char* name, std::span<char> buffer) const {
  const int fd = open(folder_fd, name);
  if (fd < 0) return {{}, -fd};
  const SmallFileText text = read_open(fd, buffer);
  ::close(fd);
  return text;
}

const SmallFiles& SmallFiles::system() {
  static const SmallFiles files;
  return files;
}

base::Result<std::string> read_whole(const std::string& path, std::size_t max_bytes) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
  if (fd < 0) return base::fail(base::error_from_errno(errno, "open " + path));
  std::string text;
  std::array<char, kSmallFileBytes> buffer;
  int error_number = 0;
  while (text.size() <= max_bytes) {
    const ssize_t count = ::read(fd, buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) error_number = errno;
    if (count <= 0) break;
    text.append(buffer.data(), static_cast<std::size_t>(count));
  }
  ::close(fd);
  if (error_number != 0) return base::fail(base::error_from_errno(error_number, "read " + path));
  if (text.size() > max_bytes) {
    return base::fail(base::Code::too_large, "read " + path + ": more than " + std::to_string(max_bytes) + " bytes");
  }
  return text;
}

Folder::Folder(const std::string& path) : fd_(::open(path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC)) {
  if (fd_ < 0) error_number_ = errno;
}

Folder::Folder(Folder&& other) noexcept : fd_(std::exchange(other.fd_, -1)), error_number_(other.error_number_) {}

Folder& Folder::operator=(Folder&& other) noexcept {
  std::swap(fd_, other.fd_);
  std::swap(error_number_, other.error_number_);
  return *this;
}

Folder::~Folder() {
  if (fd_ >= 0) ::close(fd_);
}

std::string join_path(std::string_view root, std::string_view path) {
  while (!root.empty() && root.back() == '/') root.remove_suffix(1);
  while (!path.empty() && path.front() == '/') path.remove_prefix(1);
  std::string joined(root);
  joined += '/';
  joined += path;
  return joined;
}

}  // namespace guard::source

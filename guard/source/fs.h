#pragma once
// How this folder reads the small files of /proc and /sys: into the caller's buffer, without allocation. Behind a face
// so that tests can put a twin in its place whose files vanish, fail or come short.

#include <array>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"

namespace guard::source {

// memory.stat is the largest file read for every cgroup and tick: about 1.6 KiB on 6.x, so this has room to grow.
// /proc/self/mountinfo and cgroup.procs have no bound; they are read with read_whole.
constexpr std::size_t kSmallFileBytes = 8u << 10;
using SmallFileBuffer = std::array<char, kSmallFileBytes>;

struct SmallFileText {
  std::string_view text;  // points into the caller's buffer; valid when error_number is 0
  int error_number = 0;   // errno of what failed; EFBIG when the file did not fit
};

// Stateless and so thread-safe.
class SmallFiles {
 public:
  virtual ~SmallFiles() = default;
  // Opens `name` in the open folder `folder_fd` (or AT_FDCWD). A descriptor, the caller's to close, or -errno.
  virtual int open(int folder_fd, const char* name) const;
  // Reads an open file from its beginning to its end.
  virtual SmallFileText read_open(int fd, std::span<char> buffer) const;

  // Both, and closes it again.
  SmallFileText read(int folder_fd, const char* name, std::span<char> buffer) const;
  static const SmallFiles& system();
};

// The whole of a file of unknown size, up to a bound. Errors: from errno; too_large.
base::Result<std::string> read_whole(const std::string& path, std::size_t max_bytes);

// An open folder, closed at the end of its life. Files are then looked up in it without walking its path again.
class Folder {
 public:
  Folder() = default;
  explicit Folder(const std::string& path);
  Folder(Folder&& other) noexcept;
  Folder& operator=(Folder&& other) noexcept;
  ~Folder();

  [[nodiscard]] bool is_open() const { return fd_ >= 0; }
  [[nodiscard]] int fd() const { return fd_; }
  [[nodiscard]] int error_number() const { return error_number_; }  // why it is not open

 private:
  int fd_ = -1;
  int error_number_ = 0;
};

// "/" and "proc/1" → "/proc/1"; "tree" and "/proc/1" → "tree/proc/1". Never two slashes in a row at the seam.
std::string join_path(std::string_view root, std::string_view path);

}  // namespace guard::source

#include "base/regular_file.h"

#include <algorithm>
#include <cerrno>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace base {
namespace {

Status check(const struct stat& status, const std::string& path) {
  if (S_ISREG(status.st_mode)) return {};
  return fail(Code::invalid_argument, "open " + path + ": not a regular file");
}

}  // namespace

Status check_regular_file(const std::string& path) {
  struct stat status = {};
  if (::stat(path.c_str(), &status) != 0) return fail(error_from_errno(errno, "open " + path));
  return check(status, path);
}

Result<int> open_regular_file(const std::string& path, int flags, unsigned mode) {
  const int fd = ::open(path.c_str(), flags | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, mode);
  // ENXIO: a pipe without a reader. EISDIR says enough.
  if (fd < 0 && errno == ENXIO) return fail(Code::invalid_argument, "open " + path + ": not a regular file");
  if (fd < 0) return fail(error_from_errno(errno, "open " + path));
  struct stat status = {};
  const Status checked =
      ::fstat(fd, &status) == 0 ? check(status, path) : fail(error_from_errno(errno, "open " + path));
  if (checked) return fd;
  ::close(fd);
  return fail(checked.error());
}

Result<std::string> read_regular_file(const std::string& path, std::size_t most) {
  const auto fd = open_regular_file(path, O_RDONLY);
  if (!fd) return fail(fd.error());
  constexpr std::size_t kFirstRead = 4096;
  std::string text;
  std::size_t size = 0;
  ssize_t read = 0;
  do {
    if (size == text.size()) text.resize(std::min(most, std::max(kFirstRead, 2 * size)));
    read = ::read(*fd, text.data() + size, text.size() - size);
    if (read > 0) size += static_cast<std::size_t>(read);
  } while (read > 0 || (read < 0 && errno == EINTR));
  const int error = errno;
  ::close(*fd);
  if (read < 0) return fail(error_from_errno(error, "read " + path));
  text.resize(size);
  text.shrink_to_fit();
  return text;
}

}  // namespace base

#include "guard/source/file_log.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace guard::source {
namespace {

constexpr std::size_t kHeadBytes = 256;
constexpr std::size_t kChunkBytes = 32u << 10;

// A rotation empties the path for a moment, and its writer goes on in the old file until it is told. One poll's
// grace covers both at every sensible interval.
constexpr int kGracePolls = 1;

}  // namespace

FileLog::FileLog(std::string path) : path_(std::move(path)) {}

FileLog::~FileLog() { close(); }

FileLog::FileLog(FileLog&& other) noexcept
    : path_(std::move(other.path_)),
      lines_(std::move(other.lines_)),
      fd_(std::exchange(other.fd_, -1)),
      device_(other.device_),
      inode_(other.inode_),
      offset_(other.offset_),
      head_(std::move(other.head_)),
      looked_(other.looked_),
      polls_replaced_(other.polls_replaced_),
      why_(std::move(other.why_)),
      rotations_(other.rotations_) {}

void FileLog::close() {
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
}

void FileLog::open(From from) {
  const int fd = ::open(path_.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
  struct stat status {};
  if (fd < 0 || ::fstat(fd, &status) != 0) {
    why_ = path_ + ": " + std::generic_category().message(errno);
    if (fd >= 0) ::close(fd);
    return;
  }
  if (!S_ISREG(status.st_mode)) {
    why_ = path_ + ": not a regular file";
    ::close(fd);
    return;
  }
  close();
  fd_ = fd;
  device_ = status.st_dev;
  inode_ = status.st_ino;
  offset_ = from == From::end ? status.st_size : 0;
  head_ = read_head();
  polls_replaced_ = 0;
  why_.clear();
}

void FileLog::poll(const OnLine& on_line) {
  const bool first_look = !std::exchange(looked_, true);
  if (fd_ < 0) open(first_look ? From::end : From::beginning);
  if (fd_ < 0) return;
  notice_truncation(on_line);
  const std::size_t count = read_some(kMaxPollBytes, on_line);
  if (count < kMaxPollBytes) notice_replacement(on_line);  // only once the old file is read to its end
}

void FileLog::notice_truncation(const OnLine& on_line) {
  struct stat status {};
  if (::fstat(fd_, &status) != 0) return;
  if (status.st_size == offset_) return;
  std::string head = read_head();
  if (status.st_size > offset_ && head.compare(0, head_.size(), head_) == 0) {
    head_ = std::move(head);  // it grows until it is as long as it may be
    return;
  }
  lines_.finish(on_line);
  offset_ = 0;
  head_.clear();
  ++rotations_;
}

std::string FileLog::read_head() const {
  std::array<char, kHeadBytes> bytes;
  const std::size_t size = std::min(kHeadBytes, static_cast<std::size_t>(offset_));
  const ssize_t count = ::pread(fd_, bytes.data(), size, 0);
  return {bytes.data(), static_cast<std::size_t>(std::max<ssize_t>(count, 0))};
}

std::size_t FileLog::read_some(std::size_t budget, const OnLine& on_line) {
  std::array<char, kChunkBytes> chunk;
  std::size_t total = 0;
  while (total < budget) {
    const ssize_t count = ::pread(fd_, chunk.data(), std::min(chunk.size(), budget - total), offset_);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) why_ = path_ + ": " + std::generic_category().message(errno);
    if (count >= 0) why_.clear();
    if (count <= 0) break;
    offset_ += count;
    total += static_cast<std::size_t>(count);
    lines_.feed({chunk.data(), static_cast<std::size_t>(count)}, on_line);
  }
  return total;
}

void FileLog::notice_replacement(const OnLine& on_line) {
  struct stat status {};
  const bool exists = ::stat(path_.c_str(), &status) == 0;
  if (exists && status.st_dev == device_ && status.st_ino == inode_) {
    polls_replaced_ = 0;
    return;
  }
  const int error_number = errno;
  if (polls_replaced_++ < kGracePolls) return;
  if (!exists) {
    why_ = path_ + ": " + std::generic_category().message(error_number);
    return;
  }
  lines_.finish(on_line);
  open(From::beginning);
  ++rotations_;
  read_some(kMaxPollBytes, on_line);
}

}  // namespace guard::source

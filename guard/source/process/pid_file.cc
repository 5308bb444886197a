#include "guard/source/process/pid_file.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <deque>
#include <limits>
#include <string_view>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "guard/source/fs_text.h"
#include "guard/source/process/parser.h"

namespace guard::source {
namespace {

using base::Code;

constexpr std::size_t kMaxPidFileBytes = 64;
constexpr int kMostLinks = 40;  // as the kernel
constexpr std::size_t kMostParts = 256;
constexpr std::size_t kMaxLinkBytes = 4096;

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  [[nodiscard]] int get() const { return fd_; }

 private:
  int fd_;
};

std::deque<std::string> parts_of(std::string_view path) {
  std::deque<std::string> parts;
  while (!path.empty()) {
    const std::string_view part = take_until(path, '/');
    if (!part.empty() && part != ".") parts.emplace_back(part);
  }
  return parts;
}

// Walks a path step by step, so that the owner of each folder and link is that of what was really walked through.
class Walk {
 public:
  explicit Walk(const std::string& path) : path_(path), left_(parts_of(path)) {}

  // The file at the end, open for reading.
  base::Result<Descriptor> open_file() {
    if (auto started = enter("/"); !started) return base::fail(started.error());
    while (!left_.empty()) {
      if (left_.size() > kMostParts) return base::fail(failed(ENAMETOOLONG));
      const std::string part = std::move(left_.front());
      left_.pop_front();
      struct stat status {};
      if (::fstatat(folder_.get(), part.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) return base::fail(failed(errno));
      if (S_ISLNK(status.st_mode)) {
        if (auto followed = follow(part, status); !followed) return base::fail(followed.error());
      } else if (!left_.empty()) {
        if (auto entered = enter(part.c_str()); !entered) return base::fail(entered.error());
      } else {
        return open_last(part, status);
      }
    }
    return base::fail(Code::invalid_argument, "pid file " + path_ + " is a folder");
  }

  [[nodiscard]] std::vector<uid_t> owners() && { return std::move(owners_); }
  [[nodiscard]] std::string writable() && { return std::move(writable_); }

 private:
  [[nodiscard]] base::Error failed(int error_number) const {
    return base::error_from_errno(error_number, "pid file " + path_);
  }

  void note(uid_t owner) {
    if (std::ranges::find(owners_, owner) == owners_.end()) owners_.push_back(owner);
  }

  // In a sticky folder such as /tmp other users can add files of their own, but cannot replace files of others. A group
  // that may write what is a service's own is the service's.
  void note_mode(const struct stat& status, const std::string& name) {
    const bool is_sticky = S_ISDIR(status.st_mode) && (status.st_mode & S_ISVTX) != 0;
    if (is_sticky) return;
    if ((status.st_mode & S_IWOTH) != 0)
      writable_ = name + " is world-writable";
    else if ((status.st_mode & S_IWGRP) != 0 && status.st_uid == 0 && status.st_gid != 0)
      writable_ = name + " is writable by group " + std::to_string(status.st_gid);
  }

  base::Status enter(const char* name) {
    Descriptor next(::openat(folder_.get(), name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    struct stat status {};
    if (next.get() < 0 || ::fstat(next.get(), &status) != 0) return base::fail(failed(errno));
    note(status.st_uid);
    note_mode(status, "the folder " + std::string(name));
    folder_ = std::move(next);
    return {};
  }

  base::Status follow(const std::string& link, const struct stat& status) {
    if (++links_ > kMostLinks) return base::fail(failed(ELOOP));
    note(status.st_uid);
    std::array<char, kMaxLinkBytes> target;
    const ssize_t length = ::readlinkat(folder_.get(), link.c_str(), target.data(), target.size());
    if (length < 0) return base::fail(failed(errno));
    const std::string_view text(target.data(), static_cast<std::size_t>(length));
    if (text.starts_with('/')) {
      if (auto restarted = enter("/"); !restarted) return restarted;
    }
    std::deque<std::string> parts = parts_of(text);
    left_.insert(left_.begin(), parts.begin(), parts.end());
    return {};
  }

  // Opening a pipe or a device can have effects: it is opened only once it is known to be a regular file.
  base::Result<Descriptor> open_last(const std::string& name, const struct stat& seen) {
    if (!S_ISREG(seen.st_mode))
      return base::fail(Code::invalid_argument, "pid file " + path_ + " is not a regular file");
    Descriptor file(::openat(folder_.get(), name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
    struct stat status {};
    if (file.get() < 0 || ::fstat(file.get(), &status) != 0) return base::fail(failed(errno));
    if (status.st_dev != seen.st_dev || status.st_ino != seen.st_ino)
      return base::fail(Code::conflict, "pid file " + path_ + " was replaced while it was read");
    note(status.st_uid);
    note_mode(status, "the file");
    return file;
  }

  const std::string& path_;
  std::deque<std::string> left_;
  Descriptor folder_{-1};
  std::vector<uid_t> owners_;
  std::string writable_;
  int links_ = 0;
};

}  // namespace

base::Result<PidFile> read_pid_file(const std::string& path) {
  Walk walk(path);
  const auto file = walk.open_file();
  if (!file) return base::fail(file.error());
  std::array<char, kMaxPidFileBytes + 1> buffer;
  const ssize_t count = ::pread(file->get(), buffer.data(), buffer.size(), 0);
  if (count < 0) return base::fail(base::error_from_errno(errno, "pid file " + path));
  if (static_cast<std::size_t>(count) > kMaxPidFileBytes)
    return base::fail(Code::too_large, "pid file " + path + " has more than 64 bytes");
  std::string_view rest(buffer.data(), static_cast<std::size_t>(count));
  const auto pid = parse_number<std::int64_t>(take_until(rest, '\n'));
  if (!pid || *pid <= 0 || *pid > std::numeric_limits<pid_t>::max())
    return base::fail(Code::corrupt, "pid file " + path + " holds no pid");
  if (*pid == 1 || *pid == ::getpid()) {
    return base::fail(Code::invalid_argument, "pid file " + path + " names process " + std::to_string(*pid) +
                                                  (*pid == 1 ? ", the machine's first process" : ", the agent itself") +
                                                  ": not guarded");
  }
  return PidFile{*pid, std::move(walk).owners(), std::move(walk).writable()};
}

base::Status check_pid_file(const PidFile& file, const std::string& root, const SmallFiles& files) {
  const std::string process = std::to_string(file.pid);
  SmallFileBuffer buffer;
  const auto text = files.read(AT_FDCWD, join_path(root, "proc/" + process + "/status").c_str(), buffer);
  if (text.error_number != 0) return base::fail(base::error_from_errno(text.error_number, "process " + process));
  if (const auto leader = parse_process_leader(text.text); leader && *leader != file.pid)
    return base::fail(Code::invalid_argument, "the pid file names " + process + ", which is a thread of process " +
                                                  std::to_string(*leader) + ": not guarded");
  if (!file.writable.empty())
    return base::fail(Code::permission_denied,
                      "the pid file is not trusted: " + file.writable + "; run chmod go-w on it");
  const auto owner = parse_process_owner(text.text);
  if (!owner) return base::fail(Code::corrupt, "process " + process + ": its owner cannot be read");
  const auto stranger = std::ranges::find_if(file.owners, [&](uid_t uid) { return uid != 0 && uid != *owner; });
  if (stranger == file.owners.end()) return {};
  return base::fail(Code::permission_denied, "the pid file is not trusted: user " + std::to_string(*stranger) +
                                                 " owns it, its folder or a link to it, but process " + process +
                                                 " belongs to user " + std::to_string(*owner) +
                                                 "; let root or that user own them");
}

}  // namespace guard::source

#include "guard/source/log/file_log.h"

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <memory>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <unistd.h>

namespace guard::source {
namespace {

constexpr std::size_t kHeadBytes = 256;
constexpr std::size_t kTailBytes = 64;
constexpr std::size_t kChunkBytes = 128u << 10;
constexpr int kOpenFlags = O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK;
// Files beside the log that are looked through for the copy.
constexpr int kMostNeighbours = 1000;

// A rotation empties the path for a moment, and its writer goes on in the old file until it is told. One poll's
// grace covers both at every sensible interval.
constexpr int kGracePolls = 1;

std::string read_at(int fd, off_t offset, std::size_t size) {
  std::string bytes(size, '\0');
  const ssize_t count = ::pread(fd, bytes.data(), size, offset);
  bytes.resize(static_cast<std::size_t>(std::max<ssize_t>(count, 0)));
  return bytes;
}

bool holds_at(int fd, off_t offset, const std::string& bytes) { return read_at(fd, offset, bytes.size()) == bytes; }

bool is_later(const timespec& a, const timespec& b) { return is_earlier(b, a); }

bool is_same(const timespec& a, const timespec& b) { return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec; }

std::string words_of(int error_number) { return std::generic_category().message(error_number); }

}  // namespace

FileLog::Descriptor::Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}

FileLog::Descriptor& FileLog::Descriptor::operator=(Descriptor&& other) noexcept {
  std::swap(fd_, other.fd_);
  return *this;
}

FileLog::Descriptor::~Descriptor() {
  if (fd_ >= 0) ::close(fd_);
}

FileLog::FileLog(std::string path) : path_(std::move(path)) {}

std::uint64_t FileLog::lag_bytes() const {
  std::uint64_t bytes = 0;
  for (const File& file : files_) bytes += static_cast<std::uint64_t>(std::max<off_t>(file.size - file.offset, 0));
  return bytes;
}

std::optional<FileLog::File> FileLog::open(From from) {
  Descriptor fd(::open(path_.c_str(), kOpenFlags));
  struct stat status {};
  if (fd.get() < 0 || ::fstat(fd.get(), &status) != 0) {
    why_ = path_ + ": " + words_of(errno);
    return std::nullopt;
  }
  if (!S_ISREG(status.st_mode)) {
    why_ = path_ + ": not a regular file";
    return std::nullopt;
  }
  File file{.fd = std::move(fd), .device = status.st_dev, .inode = status.st_ino, .size = status.st_size};
  static_cast<void>(read_birth(file.fd.get(), file.born));
  if (from == From::end) {
    file.offset = status.st_size;
    const auto size = static_cast<std::size_t>(status.st_size);
    file.head = read_at(file.fd.get(), 0, std::min(kHeadBytes, size));
    const std::size_t tail = std::min(kTailBytes, size);
    file.tail = read_at(file.fd.get(), file.offset - static_cast<off_t>(tail), tail);
  }
  why_.clear();
  return file;
}

bool FileLog::poll(const OnLine& on_line) {
  const bool first_look = !std::exchange(looked_, true);
  const bool goes_on = std::exchange(has_more_, false);
  if (first_look) {
    known_until_ = file_time_now();
    if (auto file = open(From::end)) files_.push_back(std::move(*file));
  } else {
    look_at_path(goes_on ? 0 : 1);
  }
  std::size_t budget = kMaxPollBytes;
  while (!files_.empty()) {
    budget -= read(budget, on_line);
    if (budget == 0) {
      has_more_ = true;
      return false;
    }
    const File& front = files_.front();  // it is read to its end
    const bool is_over = front.is_copy || (front.polls_replaced > kGracePolls && files_.size() > 1);
    if (!is_over) break;
    lines_.finish(on_line);
    if (!front.is_copy) ++rotations_;
    drop_oldest();
  }
  return true;
}

// Opens the file that has taken the path, so that it cannot be missed when it is rotated away soon. `polls`: how much
// this look counts for the grace; a poll that only goes on with the one before comes too soon to count.
void FileLog::look_at_path(int polls) {
  const timespec now = file_time_now();
  struct stat status {};
  const bool exists = ::stat(path_.c_str(), &status) == 0;
  const int error_number = errno;
  const bool is_last =
      exists && !files_.empty() && files_.back().device == status.st_dev && files_.back().inode == status.st_ino;
  for (File& file : files_) file.polls_replaced = is_last && &file == &files_.back() ? 0 : file.polls_replaced + polls;
  polls_missing_ = exists ? 0 : polls_missing_ + polls;
  bool has_all = true;
  if (is_last) {
    why_.clear();
  } else if (!exists) {
    if (polls_missing_ > kGracePolls || files_.empty()) why_ = path_ + ": " + words_of(error_number);
    if (polls_missing_ <= kGracePolls) has_all = add_missed(nullptr);
  } else if (files_.size() < kMostFiles) {
    auto file = open(From::beginning);
    has_all = !file || add_missed(&*file);
    if (file && has_all) files_.push_back(std::move(*file));
  } else {
    has_all = false;
  }
  if (!has_all) return;
  // The second where the file system's clock is that of another machine and goes ahead.
  known_until_ = is_last && is_later(status.st_mtim, now) ? status.st_mtim : now;
}

// Adds the files that stood at the path since the last look and were renamed before this one. `successor`: the file
// that is there now. False when there are more than may be open at once; those are for the next look.
bool FileLog::add_missed(const File* successor) {
  if (successor != nullptr && is_same(successor->born, {})) return true;
  const File* last = files_.empty() ? nullptr : &files_.back();  // stays where it is when others are added
  bool has_all = true;
  for (const RotatedFile& found :
       find_rotated_files(path_, known_until_, successor == nullptr ? nullptr : &successor->born)) {
    Descriptor fd(found.fd);
    const bool is_successor =
        successor != nullptr && successor->device == found.status.st_dev && successor->inode == found.status.st_ino;
    if (is_successor || is_known(found)) continue;
    if (last != nullptr && is_copy(*last, fd.get(), found.status.st_size)) continue;
    has_all = has_all && files_.size() + 1 < kMostFiles;
    if (!has_all) continue;
    known_until_ = found.born;
    files_.push_back({.fd = std::move(fd),
                      .device = found.status.st_dev,
                      .inode = found.status.st_ino,
                      .born = found.born,
                      .size = found.status.st_size});
  }
  return has_all;
}

bool FileLog::is_known(const RotatedFile& found) const {
  const auto is_found = [&](const auto& file) {
    return file.device == found.status.st_dev && file.inode == found.status.st_ino && is_same(file.born, found.born);
  };
  return std::ranges::any_of(files_, is_found) || std::ranges::any_of(dropped_, is_found);
}

void FileLog::drop_oldest() {
  const File& oldest = files_.front();
  dropped_.push_back({oldest.device, oldest.inode, oldest.born});
  if (dropped_.size() > kMostFiles) dropped_.pop_front();
  files_.pop_front();
}

// Whether the file begins with what was read of `known`, which may have been truncated since, or `known` with it.
bool FileLog::is_copy(const File& known, int fd, off_t size) {
  if (known.offset > 0 && size >= known.offset)
    return holds_at(fd, 0, known.head) &&
           holds_at(fd, known.offset - static_cast<off_t>(known.tail.size()), known.tail);
  if (size == 0) return false;
  const off_t tail = std::max<off_t>(size - static_cast<off_t>(kTailBytes), 0);
  return holds_at(known.fd.get(), 0, read_at(fd, 0, std::min(kHeadBytes, static_cast<std::size_t>(size)))) &&
         holds_at(known.fd.get(), tail, read_at(fd, tail, static_cast<std::size_t>(size - tail)));
}

// Reads the oldest file up to its end or the budget. Returns how much was read.
std::size_t FileLog::read(std::size_t budget, const OnLine& on_line) {
  const std::size_t size = std::min(kChunkBytes, budget);
  const auto bytes = std::make_unique_for_overwrite<char[]>(size);
  std::size_t total = 0;
  while (total < budget) {
    File& file = files_.front();
    const ssize_t count = ::pread(file.fd.get(), bytes.get(), std::min(size, budget - total), file.offset);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) {
      why_ = path_ + ": " + words_of(errno);
      break;
    }
    // Looked at after the bytes were read: they are of the file as it was before any truncation that is not seen here.
    if (was_truncated(file)) {
      begin_again(on_line);
      continue;
    }
    if (count == 0) break;
    total += static_cast<std::size_t>(count);
    accept(file, {bytes.get(), static_cast<std::size_t>(count)}, on_line);
  }
  return total;
}

void FileLog::accept(File& file, std::string_view chunk, const OnLine& on_line) {
  const std::string_view head = chunk.substr(0, kHeadBytes - std::min(kHeadBytes, file.head.size()));
  if (static_cast<off_t>(file.head.size()) == file.offset) file.head += head;
  file.tail += chunk.substr(chunk.size() - std::min(chunk.size(), kTailBytes));
  if (file.tail.size() > kTailBytes) file.tail.erase(0, file.tail.size() - kTailBytes);
  file.offset += static_cast<off_t>(chunk.size());
  lines_.feed(chunk, on_line);
  if (chunk.back() == '\0') skip_hole(file);
}

bool FileLog::was_truncated(File& file) {
  struct stat status {};
  if (::fstat(file.fd.get(), &status) != 0) return false;
  const bool is_untouched = status.st_size == file.size && is_same(status.st_mtim, file.modified);
  file.size = status.st_size;
  file.modified = status.st_mtim;
  if (is_untouched || file.offset == 0) return false;
  if (status.st_size < file.offset) return true;
  const auto tail_at = file.offset - static_cast<off_t>(file.tail.size());
  return !holds_at(file.fd.get(), 0, file.head) || !holds_at(file.fd.get(), tail_at, file.tail);
}

// Where the file system cannot tell, the hole's NUL bytes are read and dropped.
void FileLog::skip_hole(File& file) {
  struct stat status {};
  if (::fstat(file.fd.get(), &status) != 0 || status.st_size <= file.offset) return;
  off_t data = ::lseek(file.fd.get(), file.offset, SEEK_DATA);
  if (data < 0 && errno == ENXIO) data = status.st_size;  // nothing but the hole up to there
  if (data <= file.offset) return;
  const auto skipped = static_cast<std::size_t>(data - file.offset);
  if (static_cast<off_t>(file.head.size()) == file.offset)
    file.head.append(std::min(skipped, kHeadBytes - std::min(kHeadBytes, file.head.size())), '\0');
  file.tail.append(std::min(skipped, kTailBytes), '\0');
  if (file.tail.size() > kTailBytes) file.tail.erase(0, file.tail.size() - kTailBytes);
  file.offset = data;
}

// The oldest file was truncated: what it held and was not read is read from its copy first, if there is one.
void FileLog::begin_again(const OnLine& on_line) {
  File& file = files_.front();
  File copy;
  const bool has_copy = find_copy(file, copy);
  file.offset = 0;
  file.head.clear();
  file.tail.clear();
  ++rotations_;
  if (has_copy)
    files_.push_front(std::move(copy));
  else
    lines_.finish(on_line);
}

// The copy begins alike, and holds the bytes that were read last at the same place.
bool FileLog::find_copy(const File& truncated, File& copy) const {
  namespace fs = std::filesystem;
  const fs::path path(path_);
  const std::string stem = path.stem().string();
  std::error_code error;
  int looked_at = 0;
  timespec latest{};
  for (fs::directory_iterator entry(path.has_parent_path() ? path.parent_path() : ".", error), end;
       !error && entry != end; entry.increment(error)) {
    if (++looked_at > kMostNeighbours) break;
    if (!entry->path().filename().string().starts_with(stem)) continue;
    Descriptor fd(::open(entry->path().c_str(), kOpenFlags | O_NOFOLLOW));
    struct stat status {};
    if (fd.get() < 0 || ::fstat(fd.get(), &status) != 0 || !S_ISREG(status.st_mode)) continue;
    if (status.st_ino == truncated.inode && status.st_dev == truncated.device) continue;
    if (status.st_size <= truncated.offset || is_later(latest, status.st_mtim)) continue;
    const auto tail_at = truncated.offset - static_cast<off_t>(truncated.tail.size());
    if (!holds_at(fd.get(), 0, truncated.head) || !holds_at(fd.get(), tail_at, truncated.tail)) continue;
    latest = status.st_mtim;
    timespec born{};
    static_cast<void>(read_birth(fd.get(), born));
    copy = File{.fd = std::move(fd),
                .device = status.st_dev,
                .inode = status.st_ino,
                .born = born,
                .offset = truncated.offset,
                .size = status.st_size,
                .modified = status.st_mtim,
                .head = truncated.head,
                .tail = truncated.tail,
                .is_copy = true};
  }
  return latest.tv_sec != 0 || latest.tv_nsec != 0;
}

}  // namespace guard::source

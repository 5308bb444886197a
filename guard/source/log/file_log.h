#pragma once
// Follows a log file as `tail -F` does, by looking at each poll: across rename-and-create, delete-and-create,
// copy-and-truncate, and the file's going and coming back. Polling instead of inotify: it works on every file system,
// on paths that do not exist yet, and has no queue to overflow.
//
// A file that was created at the path and renamed away between two polls is found beside the log by its name and its
// time of creation, where the file system records that. What a copytruncate rotation cut off before it was read is read
// from the copy, when that lies uncompressed beside the log; a copy is not read as if it were a renamed file. The hole
// that a writer without O_APPEND leaves after a truncation is skipped.
//
// Not thread-safe. poll() may block on a file system that does not answer: call it from a worker (FileLogReader).

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include <sys/stat.h>
#include <sys/types.h>

#include "guard/source/log/lines.h"
#include "guard/source/log/rotated_files.h"

namespace guard::source {

class FileLog {
 public:
  static constexpr std::size_t kMaxPollBytes = 1u << 20;  // bounds one poll's work
  static constexpr std::size_t kMostFiles = 32;           // rotated away and not read to their ends yet

  explicit FileLog(std::string path);
  FileLog(FileLog&&) noexcept = default;
  FileLog& operator=(FileLog&&) = delete;
  ~FileLog() = default;

  // Passes on lines written since the last call. True when all have been read; when false, poll again. The first call
  // begins at the file's end, since what stands there is history; a file that appears later, or takes the place of
  // another, is read from its beginning.
  bool poll(const OnLine& on_line);

  // Is there a file to read? A rotation that leaves the path empty from one call to the next does not count as down.
  [[nodiscard]] bool up() const { return why_.empty(); }
  [[nodiscard]] const std::string& why() const { return why_; }  // when not up: what is wrong, in words
  // Bytes that had been written and not read at the end of the last poll.
  [[nodiscard]] std::uint64_t lag_bytes() const;
  [[nodiscard]] std::uint64_t rotations() const { return rotations_; }
  [[nodiscard]] std::uint64_t cut_lines() const { return lines_.cut_lines(); }
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  class Descriptor {
   public:
    explicit Descriptor(int fd) : fd_(fd) {}
    Descriptor(Descriptor&& other) noexcept;
    Descriptor& operator=(Descriptor&& other) noexcept;
    ~Descriptor();
    [[nodiscard]] int get() const { return fd_; }

   private:
    int fd_;
  };
  // A file of the log: the one at the path, one that was rotated away, or the copy of a copytruncate.
  struct File {
    Descriptor fd{-1};
    dev_t device = 0;
    ino_t inode = 0;
    timespec born{};   // 0 where the file system does not record it
    off_t offset = 0;  // read up to here
    off_t size = 0;    // as last seen
    timespec modified{};
    // The first bytes of what was read, and the last: when either changes, the file was truncated and written anew.
    std::string head{};
    std::string tail{};
    int polls_replaced = 0;  // successive polls that found the path empty or another file there
    bool is_copy = false;
  };
  // A number is used again once its file is gone, so the time of creation belongs to a file's identity.
  struct Identity {
    dev_t device = 0;
    ino_t inode = 0;
    timespec born{};
  };
  enum class From { beginning, end };

  [[nodiscard]] std::optional<File> open(From from);
  void look_at_path(int polls);
  void drop_oldest();
  [[nodiscard]] bool is_known(const RotatedFile& found) const;
  [[nodiscard]] bool add_missed(const File* successor);
  [[nodiscard]] static bool is_copy(const File& known, int fd, off_t size);
  std::size_t read(std::size_t budget, const OnLine& on_line);
  void accept(File& file, std::string_view chunk, const OnLine& on_line);
  [[nodiscard]] static bool was_truncated(File& file);
  static void skip_hole(File& file);
  void begin_again(const OnLine& on_line);
  [[nodiscard]] bool find_copy(const File& truncated, File& copy) const;

  std::string path_;
  LineSplitter lines_;
  std::deque<File> files_;  // oldest first; the last is, or was, the one at the path
  bool looked_ = false;     // has poll() run once?
  bool has_more_ = false;   // the last poll ended with its bound
  int polls_missing_ = 0;   // successive polls that found nothing at the path
  // No file that stands at the path, or has stood there, and is not known was created before.
  timespec known_until_{};
  std::deque<Identity> dropped_;  // the last files that were read to their ends; the clock of files ticks slowly
  std::string why_ = "not read yet";
  std::uint64_t rotations_ = 0;
};

}  // namespace guard::source

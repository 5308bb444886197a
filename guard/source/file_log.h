#pragma once
// Follows a log file as `tail -F` does, by looking at each tick: across rename-and-create, copy-and-truncate, and
// the file's going and coming back. Looking beats inotify here: it works on every file system, on paths that do
// not exist yet, and has no queue to overflow.
//
// Not thread-safe. poll() does not block, except on a file system that does.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include <sys/types.h>

#include "guard/source/log_lines.h"

namespace guard::source {

class FileLog {
 public:
  static constexpr std::size_t kMaxPollBytes = 1u << 20;  // bounds one tick's work; the rest comes with the next

  explicit FileLog(std::string path);
  FileLog(FileLog&& other) noexcept;
  FileLog& operator=(FileLog&&) = delete;
  ~FileLog();

  // Hands on the lines written since the last call. The first call begins at the file's end, since what stands there
  // is history; a file that appears later, or takes the place of another, is read from its beginning.
  void poll(const OnLine& on_line);

  // Is there a file to read? A rotation that leaves the path empty from one call to the next does not count as down.
  [[nodiscard]] bool up() const { return why_.empty(); }
  [[nodiscard]] const std::string& why() const { return why_; }  // when not up: what is wrong, in words
  [[nodiscard]] std::uint64_t rotations() const { return rotations_; }
  [[nodiscard]] std::uint64_t cut_lines() const { return lines_.cut_lines(); }

 private:
  enum class From { beginning, end };
  void open(From from);
  void close();
  std::size_t read_some(std::size_t budget, const OnLine& on_line);
  void notice_truncation(const OnLine& on_line);
  void notice_replacement(const OnLine& on_line);
  [[nodiscard]] std::string read_head() const;

  std::string path_;
  LineSplitter lines_;
  int fd_ = -1;
  dev_t device_ = 0;
  ino_t inode_ = 0;
  off_t offset_ = 0;
  std::string head_;        // the file's first bytes: when they change, it was truncated and has grown again since
  bool looked_ = false;     // has poll() run once?
  int polls_replaced_ = 0;  // successive polls that found the path empty or another file there
  std::string why_ = "not read yet";
  std::uint64_t rotations_ = 0;
};

}  // namespace guard::source

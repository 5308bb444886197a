#pragma once
// Reads log files on one thread of its own, so that neither a flood nor a file system that does not answer holds up the
// loop. Files take turns; each turn is bounded in time. Lines are matched on that thread (LogCounters).

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "base/clock.h"
#include "guard/source/log/counter.h"
#include "guard/source/log/file_log.h"

namespace guard::source {

// A file that is followed, with what is known of it. Made on the loop's thread and given to the reader with add();
// dropping the last pointer ends the following.
class FollowedFile {
 public:
  FollowedFile(std::string path, std::shared_ptr<LogCounters> counters);

  struct Seen {
    bool up = false;
    std::string why = "not read yet";
    std::uint64_t lag_bytes = 0;                 // written and not read yet
    std::optional<base::SteadyTime> read_until;  // every line written before has been counted
  };
  [[nodiscard]] Seen seen() const;
  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] const std::shared_ptr<LogCounters>& counters() const { return counters_; }

 private:
  friend class FileLogReader;
  const std::string path_;
  const std::shared_ptr<LogCounters> counters_;
  FileLog log_;  // of the reader's thread
  mutable std::mutex mutex_;
  Seen seen_;
};

// All members on the loop's thread; none of them blocks, but for the destructor, which waits at most 250 ms.
class FileLogReader {
 public:
  // What the files hold now is read to its end in the background. The thread begins with the first call. `now`, `wall`:
  // lines found count as written then.
  void read(base::SteadyTime now, base::WallTime wall);
  void add(const std::shared_ptr<FollowedFile>& file);
  // What is known of the file; not up while a file system that does not answer keeps the thread.
  [[nodiscard]] FollowedFile::Seen seen(const FollowedFile& file) const;
  // For tests: until all that was asked for has been read. False when that takes longer than five seconds.
  [[nodiscard]] bool wait_until_read() const;

  FileLogReader();
  ~FileLogReader();
  FileLogReader(const FileLogReader&) = delete;
  FileLogReader& operator=(const FileLogReader&) = delete;

 private:
  struct State;
  static void run(const std::shared_ptr<State>& state);
  static bool take_turn(FollowedFile& file, base::SteadyTime now, base::WallTime wall);
  // Shared with the thread, which is left behind when it hangs.
  std::shared_ptr<State> state_;
};

}  // namespace guard::source

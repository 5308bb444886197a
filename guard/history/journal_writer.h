#pragma once
// The journal, written on a thread of its own: a disk that is frozen costs records, which are counted, and never a
// tick. A record may so reach the disk after its action was begun; that is the price of acting while the disk stands
// still.

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>

#include "base/worker.h"
#include "guard/history/journal.h"

namespace guard::history {

class JournalWriter {
 public:
  static constexpr std::size_t kMostWaiting = 1024;  // records of some 1 KiB

  // `path` empty: nothing is kept, and no thread is started.
  explicit JournalWriter(std::string path);
  // Writes what waits, as long as the disk takes for it.
  ~JournalWriter();
  JournalWriter(const JournalWriter&) = delete;
  JournalWriter& operator=(const JournalWriter&) = delete;

  // One line, without its end. Returns at once; lines keep their order. A line that finds no room is counted as failed.
  void append(std::string json_line);
  // Records that could not be written. Any thread.
  [[nodiscard]] std::uint64_t errors() const { return errors_; }
  // Returns when all that was appended before is written or failed. Blocks; for an orderly end and for tests.
  void wait_until_written();

 private:
  void fail(const std::string& why);

  Journal journal_;  // of the worker's thread
  std::atomic<std::uint64_t> errors_ = 0;
  std::atomic<bool> is_failing_ = false;  // and was said
  std::uint64_t accepted_ = 0;            // of the guard's thread
  std::mutex mutex_;
  std::condition_variable is_written_;
  std::uint64_t written_ = 0;             // of those accepted, or failed
  std::unique_ptr<base::Worker> worker_;  // last: ends first
};

}  // namespace guard::history

#pragma once
// The one connection that writes, on a thread of its own. It takes every write that has queued up while the last
// commit was under way and commits them together: one sync to disk for all of them. Each still succeeds or fails by
// itself, and its `done` is called after the commit only.

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <variant>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "chatcore/storage/bounded_queue.h"
#include "chatcore/storage/store.h"
#include "chatcore/storage/store_counters.h"

namespace chatcore::storage {

// What a write ends with: the sequence appended, or whether (1, 0) there was something to remove.
using WriteDone = std::function<void(base::Result<std::int64_t>)>;

struct AppendWrite {
  ConversationKey key;
  Message message;
  std::int64_t after = 0;
};

struct RemoveWrite {
  ConversationKey key;
};

struct Write {
  std::variant<AppendWrite, RemoveWrite> what;
  WriteDone done;
};

struct WriteLimits {
  std::size_t queue_writes = 1024;      // waiting; one more is refused with exhausted
  std::size_t queue_bytes = 64u << 20;  // of their texts
  std::size_t largest_group = 256;      // writes in one commit, which bounds how long the first of them waits
};

class SqliteWriter {
 public:
  // Opens the file, creates or migrates its tables, starts the thread. Clock and counters must outlive it.
  static base::Result<std::unique_ptr<SqliteWriter>> open(const std::string& path, WriteLimits limits,
                                                          const base::Clock& clock, StoreCounters& counters);
  ~SqliteWriter();

  // Thread-safe. A write that is refused (exhausted, unavailable when closed) is told so at once, on this thread.
  void submit(Write write);
  [[nodiscard]] std::size_t waiting() const { return queue_.size(); }
  // Writes what is queued, then closes the connection. Blocks; not from a `done`.
  void close();

 private:
  struct Session;
  using Outcome = base::Result<std::int64_t>;

  SqliteWriter(std::unique_ptr<Session> session, WriteLimits limits, const base::Clock& clock, StoreCounters& counters);
  void run();
  void write_group(std::vector<Write>& group);
  void count(const std::vector<Write>& group, const std::vector<Outcome>& outcomes);
  std::vector<Outcome> commit_group(const std::vector<Write>& group);
  Outcome apply(const Write& write);
  Outcome append(const AppendWrite& write);
  Outcome remove(const RemoveWrite& write);

  const WriteLimits limits_;
  const base::Clock& clock_;
  StoreCounters& counters_;
  BoundedQueue<Write> queue_;
  std::atomic<std::size_t> queued_bytes_{0};
  std::unique_ptr<Session> session_;  // the thread's, until it has ended
  std::thread thread_;
};

}  // namespace chatcore::storage

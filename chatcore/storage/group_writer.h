#pragma once
// The one connection that writes, on a thread of its own. It takes every write that has queued up while the last
// commit was under way and commits them together: one sync to disk for all of them. Each still succeeds or fails by
// itself, and its `done` is called after the commit only.

#include <atomic>
#include <memory>
#include <optional>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "chatcore/storage/bounded_queue.h"
#include "chatcore/storage/outage.h"
#include "chatcore/storage/session.h"
#include "chatcore/storage/store_counters.h"
#include "chatcore/storage/write.h"

namespace chatcore::storage {

struct WriteLimits {
  std::size_t queue_writes = 1024;      // waiting; one more is refused with exhausted
  std::size_t queue_bytes = 64u << 20;  // of their texts
  std::size_t largest_group = 256;      // writes in one commit, which bounds how long the first of them waits
};

class GroupWriter {
 public:
  // Starts the thread. Clock and counters must outlive it.
  GroupWriter(std::unique_ptr<WriteSession> session, WriteLimits limits, const base::Clock& clock,
              StoreCounters& counters);
  ~GroupWriter();
  GroupWriter(const GroupWriter&) = delete;
  GroupWriter& operator=(const GroupWriter&) = delete;

  // Thread-safe. A write that is refused (exhausted, unavailable when closed) is told so at once, on this thread.
  void submit(Write write);
  [[nodiscard]] std::size_t waiting() const { return queue_.size(); }
  [[nodiscard]] bool is_failing() const { return outage_.is_under_way(); }
  // Writes what is queued, then closes the connection. Blocks; not from a `done`.
  void close();

 private:
  void run();
  void write_group(std::vector<Write>& group);
  // Nothing has to be tried for a group of WriteChecks while the last commit is recent.
  [[nodiscard]] bool is_known_to_work(const std::vector<Write>& group) const;
  void count(const std::vector<Write>& group, const std::vector<WriteOutcome>& outcomes);

  const WriteLimits limits_;
  StoreCounters& counters_;
  const base::Clock& clock_;
  Outage outage_;
  std::optional<base::SteadyTime> committed_at_;  // the thread's
  BoundedQueue<Write> queue_;
  std::atomic<std::size_t> queued_bytes_{0};
  std::unique_ptr<WriteSession> session_;  // the thread's, until it has ended
  std::thread thread_;
};

}  // namespace chatcore::storage

#pragma once
// Removes conversations and responses from the database: those not used for a configured time, and the least recently
// used ones while the database is larger than configured. By default only responses without a conversation are removed,
// 30 days after their last use.

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>

#include "base/clock.h"
#include "base/event_loop.h"
#include "base/units.h"
#include "chatcore/conversation/registry.h"
#include "chatcore/metrics.h"
#include "chatcore/storage/store.h"

namespace chatcore {

struct RetentionLimits {
  base::Duration conversations{0};  // time since the last use; 0: never removed
  base::Duration responses{0};      // the same for responses without a conversation
  base::Bytes max_size = {};        // of the data in the database; 0: no limit. SQLite only
};

// Borrowed: all members outlive the sweep. Close the store before they are destroyed.
struct RetentionParts {
  storage::Store& store;
  conversation::Registry& registry;
  const base::Clock& clock;
  base::EventLoop& loop;
  Metrics& metrics;
};

class Retention {
 public:
  Retention(RetentionLimits limits, RetentionParts parts);
  ~Retention();
  Retention(const Retention&) = delete;
  Retention& operator=(const Retention&) = delete;

  // Begins a sweep unless one is in progress. Call it periodically, on any loop thread. Each sweep checks the size. The
  // age is checked 24 times within the shortest limit and at least hourly, since every conversation is read for it. A
  // sweep works in slices, between which other writes are committed. Logs the number of removed conversations, and a
  // failure. `done` is called at its end, on a loop thread; not when one is in progress already.
  void sweep(std::function<void()> done = {});
  [[nodiscard]] bool is_under_way() const;

 private:
  class Sweep;
  const RetentionLimits limits_;
  const RetentionParts parts_;
  mutable std::mutex mutex_;  // guards what follows
  std::weak_ptr<Sweep> under_way_;
  std::optional<base::SteadyTime> age_checked_at_;  // when the last sweep by age began
};

}  // namespace chatcore

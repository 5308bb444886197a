#pragma once
// Removes from the database what is older than it has to be kept, and the oldest of all when the database is larger
// than it may be. Off unless configured, but for responses that no list shows and nobody asked for in 30 days.

#include <cstdint>
#include <memory>

#include "base/clock.h"
#include "base/event_loop.h"
#include "base/units.h"
#include "chatcore/conversation/registry.h"
#include "chatcore/metrics.h"
#include "chatcore/storage/store.h"

namespace chatcore {

struct RetentionLimits {
  base::Duration conversations{0};  // since their last use; 0: for ever
  base::Duration responses{0};      // likewise, of responses without a conversation
  base::Bytes max_size = {};        // of what the database holds; 0: any. SQLite only
};

// All of it is borrowed and outlives the sweep; the store is closed before.
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

  // Begins a sweep unless one is under way; call it now and then, on the loop. Goes on in slices, between which turns
  // are stored. Logs what it removed, and a failure.
  void sweep();
  [[nodiscard]] bool is_under_way() const;

 private:
  class Sweep;
  const RetentionLimits limits_;
  const RetentionParts parts_;
  std::weak_ptr<Sweep> under_way_;
};

}  // namespace chatcore

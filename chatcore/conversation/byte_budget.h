#pragma once
// The registry's count of bytes against its bound. Taking is checked and counted in one step, so that the bound
// holds at every instant whatever the number of threads; nobody waits for a lock.

#include <atomic>
#include <cstdint>

#include "base/units.h"

namespace chatcore::conversation {

// Thread-safe.
class ByteBudget {
 public:
  // unlimited() takes everything.
  explicit ByteBudget(base::Bytes limit) : limit_(limit) {}

  // Counts `bytes` when they fit under the limit; otherwise counts nothing and says false.
  [[nodiscard]] bool take(base::Bytes bytes) {
    std::int64_t used = used_.load();
    do {
      if (bytes.count > limit_.count - used) return false;
    } while (!used_.compare_exchange_weak(used, used + bytes.count));
    return true;
  }
  void give_back(base::Bytes bytes) { used_.fetch_sub(bytes.count); }

  [[nodiscard]] bool has_room(base::Bytes bytes) const { return bytes.count <= limit_.count - used_.load(); }
  [[nodiscard]] base::Bytes used() const { return {used_.load()}; }
  [[nodiscard]] base::Bytes limit() const { return limit_; }

 private:
  const base::Bytes limit_;
  std::atomic<std::int64_t> used_{0};
};

}  // namespace chatcore::conversation

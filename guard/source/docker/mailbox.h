#pragma once
// Passes items from a thread that follows a stream to the event loop, in order and within a bound: a loop that is
// busy costs dropped items, which are counted, and never memory without end.

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <utility>

#include "base/event_loop.h"

namespace guard::source {

template <class Item>
class Mailbox {
 public:
  // `take` runs on the loop's thread, until close() or the destructor, which belong there too.
  Mailbox(base::EventLoop& loop, std::size_t capacity, std::function<void(Item)> take)
      : loop_(loop), shared_(std::make_shared<Shared>(capacity, std::move(take))) {}
  ~Mailbox() { close(); }
  Mailbox(const Mailbox&) = delete;
  Mailbox& operator=(const Mailbox&) = delete;

  // From any thread. `weight`: what the item takes of the capacity. False when there is no room; the item is then
  // dropped.
  bool push(Item item, std::size_t weight = 1) {
    {
      const std::lock_guard lock(shared_->mutex);
      if (weight > shared_->capacity - shared_->taken) {
        ++shared_->dropped;
        return false;
      }
      shared_->taken += weight;
      shared_->items.push_back(std::move(item));
      if (std::exchange(shared_->is_posted, true)) return true;
    }
    loop_.post([shared = shared_] { shared->deliver(); });
    return true;
  }
  void close() { shared_->is_closed = true; }
  [[nodiscard]] std::uint64_t dropped() const {
    const std::lock_guard lock(shared_->mutex);
    return shared_->dropped;
  }

 private:
  struct Shared {
    Shared(std::size_t most, std::function<void(Item)> callback) : capacity(most), take(std::move(callback)) {}
    void deliver() {
      std::deque<Item> batch;
      {
        const std::lock_guard lock(mutex);
        batch.swap(items);
        taken = 0;
        is_posted = false;
      }
      for (Item& item : batch) {
        if (is_closed) return;
        take(std::move(item));
      }
    }

    const std::size_t capacity;
    const std::function<void(Item)> take;
    mutable std::mutex mutex;
    std::deque<Item> items;
    std::size_t taken = 0;  // of the capacity
    bool is_posted = false;
    std::uint64_t dropped = 0;
    bool is_closed = false;  // of the loop's thread alone
  };

  base::EventLoop& loop_;
  std::shared_ptr<Shared> shared_;
};

}  // namespace guard::source

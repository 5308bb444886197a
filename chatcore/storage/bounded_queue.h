#pragma once
// A queue between the callers of a store and its threads: bounded, so that a database that stands still costs a
// refusal and not memory.

#include <algorithm>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <iterator>
#include <mutex>
#include <utility>
#include <vector>

namespace chatcore::storage {

enum class Push { taken, full, closed };

// Thread-safe.
template <class Item>
class BoundedQueue {
 public:
  explicit BoundedQueue(std::size_t capacity) : capacity_(capacity) {}

  // `item` is moved from only when it is taken.
  [[nodiscard]] Push push(Item& item) {
    const std::lock_guard lock(mutex_);
    if (closed_) return Push::closed;
    if (items_.size() >= capacity_) return Push::full;
    items_.push_back(std::move(item));
    ready_.notify_one();
    return Push::taken;
  }

  // Waits for items and takes all that are there, at most `max`, oldest first. Empty only when the queue is closed
  // and everything has been taken.
  [[nodiscard]] std::vector<Item> take(std::size_t max) {
    std::unique_lock lock(mutex_);
    ready_.wait(lock, [this] { return closed_ || !items_.empty(); });
    const auto end = items_.begin() + static_cast<std::ptrdiff_t>(std::min(max, items_.size()));
    std::vector<Item> taken(std::make_move_iterator(items_.begin()), std::make_move_iterator(end));
    items_.erase(items_.begin(), end);
    return taken;
  }

  // Takes no more; what is in it can still be taken.
  void close() {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    ready_.notify_all();
  }

  [[nodiscard]] std::size_t size() const {
    const std::lock_guard lock(mutex_);
    return items_.size();
  }

 private:
  const std::size_t capacity_;
  mutable std::mutex mutex_;
  std::condition_variable ready_;
  std::deque<Item> items_;
  bool closed_ = false;
};

}  // namespace chatcore::storage

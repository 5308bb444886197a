#include "base/worker_pool.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace base {

bool WorkerPool::submit(std::function<void()> job, std::function<void()> done) {
  auto free = std::ranges::find_if(slots_, [](const auto& slot) { return !slot->is_busy; });
  if (free == slots_.end()) {
    if (slots_.size() >= most_) return false;
    slots_.push_back(std::make_unique<Slot>(name_));
    free = std::prev(slots_.end());
  }
  Slot& slot = **free;
  slot.is_busy = true;
  return slot.worker.submit([&slot, job = std::move(job), done = std::move(done)] {
    job();
    slot.is_busy = false;
    done();
  });
}

}  // namespace base

#include "base/serial.h"

#include <utility>

namespace base {

void Serial::run(std::function<void()> step) {
  {
    const std::lock_guard lock(mutex_);
    waiting_.push_back(std::move(step));
    if (running_) return;
    running_ = true;
  }
  for (;;) {
    std::function<void()> next;
    {
      const std::lock_guard lock(mutex_);
      if (waiting_.empty()) {
        running_ = false;
        return;
      }
      next = std::move(waiting_.front());
      waiting_.pop_front();
    }
    next();
  }
}

}  // namespace base

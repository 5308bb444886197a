#pragma once
// Tells the service manager that the program is alive as long as every thread of its loop is: fed from the loop, and
// only while no thread has been away for more than half of the time that the manager grants. A program whose loop is
// stuck, or one thread of it, is then restarted instead of answering ever less.

#include <chrono>
#include <functional>

#include "base/event_loop.h"

namespace chatcore::command {

class Watchdog {
 public:
  // `granted`: between two feedings at most; 0: nobody watches, nothing is done.
  Watchdog(base::EventLoop& loop, std::chrono::nanoseconds granted, std::function<void()> feed);

  // For run() of the loop.
  [[nodiscard]] std::chrono::nanoseconds beat() const { return granted_ / 8; }

 private:
  const std::chrono::nanoseconds granted_;
  bool silent_ = false;  // a thread was away at the last look; touched by the beat alone
  base::Pending feeding_;
};

}  // namespace chatcore::command

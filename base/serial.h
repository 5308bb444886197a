#pragma once
// Runs the steps of one piece of work one after the other although they arrive from several loop threads: the
// order of a strand without a thread of its own and without a lock held while a step runs.

#include <deque>
#include <functional>
#include <mutex>

namespace base {

class Serial {
 public:
  // Runs `step` now on this thread when none is running, and then whatever came in meanwhile; else leaves it to
  // the thread that is at it. A step may call run() itself: what it adds follows after it. The caller keeps this
  // object alive until run() returns. Thread-safe.
  void run(std::function<void()> step);

 private:
  std::mutex mutex_;
  std::deque<std::function<void()>> waiting_;
  bool running_ = false;
};

}  // namespace base

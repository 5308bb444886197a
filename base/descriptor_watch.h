#pragma once
// Tells when a socket that a library owns has become readable or writable: what EventLoop::readable() does, for both
// directions and for someone who says each time anew what to wait for. Made for libcurl (stream_client.h).

#include <functional>
#include <memory>

#include "base/event_loop.h"

namespace base {

// Does not own the descriptor; destroy the watch before it is closed. The loop must outlive it. Thread-safe.
class DescriptorWatch {
 public:
  enum class Side { read, write };

  // `ready` is called on a loop thread, once for each side that want() asked for; an error or a hang-up is ready too.
  DescriptorWatch(EventLoop& loop, int fd, std::function<void(Side)> ready);
  // No call begins after this, except one that is on its way on another thread.
  ~DescriptorWatch();
  DescriptorWatch(const DescriptorWatch&) = delete;
  DescriptorWatch& operator=(const DescriptorWatch&) = delete;

  // From now on waits for these sides, until each has been reported or is no longer wanted.
  void want(bool read, bool write);

 private:
  class State;
  std::shared_ptr<State> state_;
};

}  // namespace base

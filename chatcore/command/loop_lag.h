#pragma once
// Measures the event-loop lag every few milliseconds for admission control (concurrency_limiter.h): a timer that is due
// waits behind all pending work of the loop. Of several threads one is measured; connections are spread evenly.

#include "base/event_loop.h"
#include "chatcore/admission.h"

namespace chatcore {

class LoopLag {
 public:
  // Both must outlive it; destroyed before the loop runs no more or on its thread.
  LoopLag(base::EventLoop& loop, Admission& admission);
  LoopLag(const LoopLag&) = delete;
  LoopLag& operator=(const LoopLag&) = delete;

 private:
  void look_later();

  base::EventLoop& loop_;
  Admission& admission_;
  base::Pending next_;
};

}  // namespace chatcore

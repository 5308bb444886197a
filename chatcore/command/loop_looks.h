#pragma once
// How late the event loop comes to its work, told to the door every few milliseconds (pace.h): a timer that is due
// waits behind all that the loop has yet to do. With several threads it is one of them that is looked at; connections
// are spread over them evenly.

#include "base/event_loop.h"
#include "chatcore/admission.h"

namespace chatcore {

class LoopLooks {
 public:
  // Both must outlive it; destroyed before the loop runs no more or on its thread.
  LoopLooks(base::EventLoop& loop, Admission& admission);
  LoopLooks(const LoopLooks&) = delete;
  LoopLooks& operator=(const LoopLooks&) = delete;

 private:
  void look_later();

  base::EventLoop& loop_;
  Admission& admission_;
  base::Pending next_;
};

}  // namespace chatcore

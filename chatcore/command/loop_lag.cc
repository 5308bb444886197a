#include "chatcore/command/loop_lag.h"

#include <chrono>

namespace chatcore {

LoopLag::LoopLag(base::EventLoop& loop, Admission& admission) : loop_(loop), admission_(admission) {
  if (admission_.is_limited()) look_later();
}

void LoopLag::look_later() {
  const auto due = std::chrono::steady_clock::now() + Admission::kLookInterval;
  next_ = loop_.after(Admission::kLookInterval, [this, due] {
    admission_.look(std::chrono::steady_clock::now() - due);
    look_later();
  });
}

}  // namespace chatcore

#include "chatcore/command/loop_looks.h"

#include <chrono>

namespace chatcore {

LoopLooks::LoopLooks(base::EventLoop& loop, Admission& admission) : loop_(loop), admission_(admission) {
  if (admission_.is_paced()) look_later();
}

void LoopLooks::look_later() {
  const auto due = std::chrono::steady_clock::now() + Admission::kLookInterval;
  next_ = loop_.after(Admission::kLookInterval, [this, due] {
    admission_.look(std::chrono::steady_clock::now() - due);
    look_later();
  });
}

}  // namespace chatcore

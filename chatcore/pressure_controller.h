#pragma once
// Memory pressure controller: once a second it reads the resident size and the cgroup, computes the budget's limit
// (memory/pressure.h), and when that changes evicts conversations, returns free pages to the kernel, and logs it.

#include <atomic>
#include <functional>
#include <optional>

#include "base/clock.h"
#include "base/event_loop.h"
#include "chatcore/conversation/sweeper.h"
#include "chatcore/memory/budget.h"
#include "chatcore/memory/pressure.h"

namespace chatcore {

class PressureController {
 public:
  // Borrows all; the loop must have stopped before this is destroyed. `let_go` gives memory that is free, or only
  // cached, back to the kernel.
  PressureController(memory::Budget& budget, conversation::Sweeper& sweeper, base::EventLoop& loop,
                     std::function<void()> let_go);

  // Reads the machine every second, on the loop, the first time now.
  void start();
  // One look at `reading`, as of `now`; on the loop.
  void look(base::SteadyTime now, const memory::MemoryReading& reading);

  // Resident bytes for each accounted byte (Pressure::ratio). Thread-safe.
  [[nodiscard]] std::optional<double> ratio() const;

 private:
  memory::Budget& budget_;
  conversation::Sweeper& sweeper_;
  base::EventLoop& loop_;
  const std::function<void()> let_go_;
  memory::Pressure pressure_;  // touched by the beat alone
  std::atomic<double> ratio_;  // NaN: absent
  base::Pending beat_;
};

}  // namespace chatcore

#pragma once
// The hands that touch this machine: engine calls, cgroup files, signals, shed requests and the supervised commands.
// Whatever may block runs on a worker; a worker that hangs costs the actions behind it, never the guard's ticks.

#include <chrono>
#include <memory>
#include <stop_token>
#include <string>

#include "base/event_loop.h"
#include "base/worker.h"
#include "guard/action/engine_control.h"
#include "guard/children.h"
#include "guard/hands.h"
#include "guard/source/cgroup_tree.h"

namespace guard {

struct MachineHandsOptions {
  std::string root = "/";
  std::string engine_socket;
  Children* children = nullptr;               // null when no command is supervised
  std::chrono::milliseconds approach{5'000};  // how long memory is taken back before a cap below it is refused
};

class MachineHands final : public Hands {
 public:
  // `loop` is the guard's; it must outlive the hands.
  MachineHands(MachineHandsOptions options, base::EventLoop& loop);
  ~MachineHands() override;
  void carry_out(const policy::Decision& decision, const sample::Workload& target, Done done) override;

 private:
  MachineHandsOptions options_;
  base::EventLoop& loop_;
  std::stop_source stopping_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);  // results that come too late are dropped
  // Two, so that a restart that drains for half a minute does not hold up the caps of all others.
  base::Worker quick_{"lg-caps", 256};
  base::Worker slow_{"lg-actions", 256};
};

}  // namespace guard

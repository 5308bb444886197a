#pragma once
// Acts on this host: engine calls, cgroup files, signals, shed requests, supervised commands. Blocking calls run on
// workers; a hanging one delays its own workload, never the guard's ticks.

#include <chrono>
#include <memory>
#include <stop_token>
#include <string>

#include "base/event_loop.h"
#include "base/systemd_bus.h"
#include "base/worker_pool.h"
#include "guard/action/children.h"
#include "guard/action/engine_control.h"
#include "guard/enforce/enforcer.h"
#include "guard/enforce/executor.h"
#include "guard/enforce/notifications.h"
#include "guard/source/cgroup/tree.h"

namespace guard {

struct MachineExecutorOptions {
  std::string root = "/";
  std::string engine_socket;
  base::SystemdBusOptions systemd{};
  Children* children = nullptr;               // null when no command is supervised
  Notifications* notifications = nullptr;     // null: no receivers
  std::chrono::milliseconds approach{5'000};  // maximum time to reclaim before a cap below the memory in use is refused
};

class MachineExecutor final : public Executor {
 public:
  // `loop` is the guard's; it must outlive the executor.
  MachineExecutor(MachineExecutorOptions options, base::EventLoop& loop);
  ~MachineExecutor() override;
  void execute(const policy::Decision& decision, const sample::Workload& target, Done done) override;
  void notify(const telemetry::ActionRecord& record, const sample::Workload& target, Done done) override;

 private:
  MachineExecutorOptions options_;
  base::EventLoop& loop_;
  std::stop_source stopping_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);  // results after destruction are dropped
  // One thread for each action that the enforcer starts at once, so that no action waits for the drain of another.
  // Created on demand.
  base::WorkerPool caps_{"lg-caps", Enforcer::kMostCapsAtOnce};
  base::WorkerPool actions_{"lg-action", Enforcer::kMostAtOnce};
};

}  // namespace guard

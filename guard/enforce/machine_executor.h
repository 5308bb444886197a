#pragma once
// The hands that touch this machine: engine calls, cgroup files, signals, shed requests and the supervised commands.
// Whatever may block runs on a worker of its own; one that hangs costs its workload, never the guard's ticks.

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
#include "guard/source/cgroup_tree.h"

namespace guard {

struct MachineExecutorOptions {
  std::string root = "/";
  std::string engine_socket;
  base::SystemdBusOptions systemd{};
  Children* children = nullptr;               // null when no command is supervised
  Notifications* notifications = nullptr;     // null: nobody is notified
  std::chrono::milliseconds approach{5'000};  // how long memory is taken back before a cap below it is refused
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
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);  // results that come too late are dropped
  // As many as the enforcer lets begin at once, so that no action waits for another one's drain. Made when first
  // needed.
  base::WorkerPool caps_{"lg-caps", Enforcer::kMostCapsAtOnce};
  base::WorkerPool actions_{"lg-action", Enforcer::kMostAtOnce};
};

}  // namespace guard

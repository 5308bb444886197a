#pragma once
// Status and control of the commands that the agent supervises. Implemented by agent/supervisor; the guard never starts
// or reaps a process.

#include <chrono>
#include <functional>
#include <optional>
#include <string>

#include "base/result.h"
#include "guard/sample/cgroup.h"
#include "guard/sample/snapshot.h"

namespace guard {

struct ChildView {
  sample::Lifecycle lifecycle;
  sample::Identity identity;
  std::optional<sample::Cgroup> cgroup;  // absent where it could not be created
  std::string why_unreadable = {};       // why its resources cannot be read; "" when they can
};

// Use on the guard's thread. `done` is called once, on that thread.
class Children {
 public:
  using Done = std::function<void(base::Status)>;
  virtual ~Children() = default;
  // Absent when the command is not supervised.
  [[nodiscard]] virtual std::optional<ChildView> view(const std::string& workload) const = 0;
  // Sends the stop signal, waits up to `drain`, sends SIGKILL, and starts it at once without back-off. `done` when it
  // runs.
  virtual void restart(const std::string& workload, std::chrono::nanoseconds drain, Done done) = 0;
  // Like restart, without the start.
  virtual void stop(const std::string& workload, std::chrono::nanoseconds drain, Done done) = 0;
};

}  // namespace guard

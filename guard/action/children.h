#pragma once
// The commands that the agent itself supervises, as the guard sees them. The supervisor (agent/supervisor/supervisor.h)
// implements this; the guard never starts or reaps a process.

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
  std::optional<sample::Cgroup> cgroup;  // its own; none where it could not have one
  std::string why_unreadable = {};       // why nothing can be said of its resources; "" when it can
};

// All on the guard's thread. `done` is called there too, once.
class Children {
 public:
  using Done = std::function<void(base::Status)>;
  virtual ~Children() = default;
  // Nothing when no such command is supervised.
  [[nodiscard]] virtual std::optional<ChildView> view(const std::string& workload) const = 0;
  // Stop signal, up to `drain`, SIGKILL; then start again at once, whatever the back-off. `done` when it runs again.
  virtual void restart(const std::string& workload, std::chrono::nanoseconds drain, Done done) = 0;
  // As restart, without the start: it stays down until the agent is told otherwise.
  virtual void stop(const std::string& workload, std::chrono::nanoseconds drain, Done done) = 0;
};

}  // namespace guard

#pragma once
// Step 5, act: carries out a decision and verifies the result. MachineExecutor acts on this host; simulations and tests
// use other implementations.

#include <functional>
#include <string>
#include <utility>

#include "base/result.h"
#include "guard/policy/decision.h"
#include "guard/sample/snapshot.h"
#include "guard/telemetry/report.h"

namespace guard {

class Executor {
 public:
  // Receives the verified result as text, or the error.
  using Done = std::function<void(base::Result<std::string>)>;
  virtual ~Executor() = default;
  // Does not block. `done` is called exactly once, later, on the guard's thread. `target` is the workload at the
  // recheck.
  virtual void execute(const policy::Decision& decision, const sample::Workload& target, Done done) = 0;
  // Carries out a notification. `done` when the receivers have accepted it or all have failed. Never waits for another
  // action.
  virtual void notify(const telemetry::ActionRecord& record, const sample::Workload& target, Done done) {
    execute(record.decision, target, std::move(done));
  }
};

}  // namespace guard
